import { z } from 'zod';
import type { ModelRef } from '../../domain/model.js';
import { TIMEFRAMES } from '../../domain/timeframe.js';
import { modelName, modelVersion } from '../manifest.js';
import type { Refusal } from '../refusal-codes.js';
import { combinationSchema, type Combination, type Part } from './combination.js';

/** What the `kind` of a manifest.json says that speaks of no model file. */
export const ENSEMBLE = 'ensemble';

export const timeframes = z
  .array(z.enum(TIMEFRAMES))
  .min(1, 'must name at least one: an ensemble trades or does nothing');
export const weight = z.number().positive().max(1000);

/** manifest.json of a version that answers out of what others answer. What is not named here is refused. */
export const ensembleSchema = z.strictObject({
  schema: z.literal(2),
  name: modelName,
  version: modelVersion,
  kind: z.literal(ENSEMBLE),
  ensemble: combinationSchema,
  timeframes,
  /** In the strategy, beside the other versions that vote. */
  weight,
  /** Out of sample; free in form, shown as it is. */
  metrics: z.record(z.string(), z.unknown()),
  created_at: z.iso.datetime(),
});
export type EnsembleManifest = z.output<typeof ensembleSchema>;

export type EnsembleCheck =
  | { readonly manifest: EnsembleManifest; readonly faults: readonly [] }
  | { readonly manifest: EnsembleManifest | undefined; readonly faults: readonly [Refusal, ...Refusal[]] };

export function saysEnsemble(raw: unknown): boolean {
  return typeof raw === 'object' && raw !== null && 'kind' in raw && raw.kind === ENSEMBLE;
}

/**
 * Everything about an ensemble that can be judged without looking at its members.
 * @param raw the parsed manifest.json @param place the folder it lies in: models/<name>/<version>
 * @returns the manifest, and every fault found
 */
export function checkEnsemble(raw: unknown, place: ModelRef): EnsembleCheck {
  const read = ensembleSchema.safeParse(raw);
  if (!read.success) {
    const [first, ...others] = read.error.issues.map(({ path, message }) =>
      invalid(`${path.join('.') || 'manifest.json'}: ${message}`),
    );
    return { manifest: undefined, faults: [first!, ...others] };
  }
  const manifest = read.data;
  const [first, ...others] = [...placeFaults(manifest, place), ...combinationFaults(manifest.ensemble)];
  return first ? { manifest, faults: [first, ...others] } : { manifest, faults: [] };
}

function placeFaults({ name, version, timeframes }: EnsembleManifest, place: ModelRef): Refusal[] {
  const faults: Refusal[] = [];
  if (name !== place.name) faults.push(invalid(`name is ${name}, its folder is ${place.name}`));
  if (version !== place.version) faults.push(invalid(`version is ${version}, its folder is ${place.version}`));
  if (new Set(timeframes).size !== timeframes.length) faults.push(invalid('timeframes names one twice'));
  return faults;
}

function combinationFaults(combination: Combination): Refusal[] {
  const { members, method } = combination;
  const faults: Refusal[] = [];
  if (method === 'regime_gate') {
    const twice = repeated(combination.members.map(({ regime }) => regime));
    if (twice.length > 0) faults.push(invalid(`ensemble.members: two answer in ${twice.join(', ')}`));
    return faults;
  }
  const twice = repeated(members.map(({ model, version }) => `${model}@${version}`));
  if (twice.length > 0) faults.push(invalid(`ensemble.members names ${twice.join(', ')} twice`));
  const { min_members: least, on_failure: policy } = combination;
  if (least !== undefined && policy === 'abstain')
    faults.push(invalid('ensemble.min_members: with on_failure abstain every member has to answer'));
  if (least !== undefined && least > members.length)
    faults.push(invalid(`ensemble.min_members is ${least} of ${members.length} members`));
  return faults;
}

/** @returns every version that it is made of */
export function partsIn(combination: Combination): readonly Part[] {
  switch (combination.method) {
    case 'weighted_vote':
      return combination.members;
    case 'stacking':
      return [...combination.members, combination.meta];
    case 'regime_gate':
      return [combination.gate, ...combination.members];
  }
}

/** @returns an ensemble that is made of the version, undefined where none is; one that is refused for itself counts too */
export function ensembleOf<Version extends { readonly ensemble: { readonly manifest: EnsembleManifest } | undefined }>(
  { name, version }: ModelRef,
  versions: readonly Version[],
): Version | undefined {
  const isPart = (part: Part) => part.model === name && part.version === version;
  return versions.find(({ ensemble }) => ensemble && partsIn(ensemble.manifest.ensemble).some(isPart));
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}

function invalid(message: string): Refusal {
  return { code: 'MANIFEST_INVALID', message };
}
