import { CLASSES, refOf, type ModelRef } from '../../domain/model.js';
import type { Manifest } from '../manifest.js';
import type { Refusal } from '../refusal-codes.js';
import type { Combination } from './combination.js';
import { stackColumns } from './stack-columns.js';

/** @returns the manifest of a version that an ensemble names */
export type ManifestOf = (part: { readonly model: string; readonly version: string }) => Manifest;

/** @returns what each part does not read or answer as its place in the ensemble needs it */
export function fitnessFaults(combination: Combination, manifestOf: ManifestOf): Refusal[] {
  const { members, method } = combination;
  const readers = members.map(manifestOf);
  const faults = readers.flatMap(readsFeatures);
  switch (method) {
    case 'weighted_vote':
      return [...faults, ...readers.flatMap(answersClasses)];
    case 'stacking':
      return [...faults, ...metaFaults(combination, manifestOf)];
    case 'regime_gate':
      return [...faults, ...readers.flatMap(answersClasses), ...gateFaults(combination, manifestOf)];
  }
}

function metaFaults(combination: Extract<Combination, { method: 'stacking' }>, manifestOf: ManifestOf): Refusal[] {
  const meta = manifestOf(combination.meta);
  const members = combination.members.map(manifestOf).map(({ name, version, output }) => {
    return { name, version, columns: output.shape[1], classes: output.classes };
  });
  const faults = answersClasses(meta);
  const read = meta.features.map(({ name }) => name);
  const offered = stackColumns(members);
  if (meta.window !== 1) faults.push(unfit(meta, `as meta model it reads one row, not a window of ${meta.window}`));
  if (read.length !== offered.length)
    faults.push(unfit(meta, `as meta model it reads ${read.length} columns, the members answer ${offered.length}`));
  const other = read.findIndex((name, i) => offered[i] !== undefined && name !== offered[i]);
  if (other >= 0)
    faults.push(unfit(meta, `column ${other} of the meta model is ${read[other]}, not ${offered[other]}`));
  if (meta.timeframes.length > 0)
    faults.push(unfit(meta, 'as meta model it serves no timeframes: its columns are no features'));
  const missing = meta.missing ?? meta.margins !== undefined;
  if (combination.on_failure === 'go_on' && !missing)
    faults.push(unfit(meta, 'on_failure is go_on, and the meta model takes no missing values'));
  return faults;
}

function gateFaults(combination: Extract<Combination, { method: 'regime_gate' }>, manifestOf: ManifestOf): Refusal[] {
  const gate = manifestOf(combination.gate);
  const faults = readsFeatures(gate);
  const { classes } = gate.output;
  if (!classes) return [...faults, unfit(gate, 'as gate it has to name its classes: import it with --classes')];
  for (const { regime } of combination.members) {
    if (!classes.includes(regime))
      faults.push(unfit(gate, `as gate it knows no regime ${regime}: ${classes.join(', ')}`));
  }
  return faults;
}

function readsFeatures(manifest: Manifest): Refusal[] {
  if (manifest.feature_hash !== null) return [];
  return [unfit(manifest, "a member reads this project's features: import it with --features")];
}

function answersClasses(manifest: Manifest): Refusal[] {
  if (manifest.output.classes?.join() === CLASSES.join()) return [];
  const remedy = 'import it with --timeframes, or with --classes short,flat,long';
  return [unfit(manifest, `it has to answer ${CLASSES.join(', ')}: ${remedy}`)];
}

function unfit(model: ModelRef, message: string): Refusal {
  return { code: 'MEMBER_UNFIT', message: `${refOf(model)}: ${message}` };
}
