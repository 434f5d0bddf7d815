import type { ActiveEnsemble, EnsemblePlan } from '../../domain/ensemble.js';
import { CLASSES, refOf, type ModelRef } from '../../domain/model.js';
import { TIMEFRAMES } from '../../domain/timeframe.js';
import type { Manifest } from '../manifest.js';
import type { Refusal } from '../refusal-codes.js';
import type { Part } from './combination.js';
import { goldenFault } from './combination-golden.js';
import { partsIn, type EnsembleManifest } from './ensemble-manifest.js';
import { fitnessFaults, type ManifestOf } from './fitness.js';

/** An ensemble as it lies in its folder. */
export interface FoundEnsemble {
  readonly manifest: EnsembleManifest;
  /** The parsed golden.json; undefined where there is none. */
  readonly golden: unknown;
}

/** What is known of a version that an ensemble may name. */
export interface MemberCandidate extends ModelRef {
  /** Absent of an ensemble, and where it could not be read. */
  readonly manifest: Manifest | undefined;
  /** Why it may not serve; undefined: it is admitted and certified. */
  readonly refusal: Refusal | undefined;
}

/** A version that lies in its folder, an ensemble among them. */
export interface KnownVersion extends MemberCandidate {
  readonly ensemble: FoundEnsemble | undefined;
}

/** @returns of every ensemble that is sound in itself, by `name@version`, how it is served or why it may not be */
export function resolveEnsembles(versions: readonly KnownVersion[]): ReadonlyMap<string, ActiveEnsemble | Refusal> {
  return new Map(
    versions.flatMap(({ ensemble, refusal, ...model }) =>
      ensemble && !refusal ? [[refOf(model), resolveEnsemble(ensemble, versions)] as const] : [],
    ),
  );
}

/**
 * @param versions every version that lies beside it
 * @returns the ensemble as it is served, or why it may not be: every version that it names has to be admitted, of the very
 * file that it was made of, and fit for its place
 */
export function resolveEnsemble(
  { manifest, golden }: FoundEnsemble,
  versions: readonly MemberCandidate[],
): ActiveEnsemble | Refusal {
  const parts = partsIn(manifest.ensemble);
  const unready = parts.flatMap((part) => whyUnready(part, versions) ?? []);
  if (unready.length > 0) return { code: 'MEMBER_NOT_READY', message: [...new Set(unready)].join('; ') };
  const manifestOf: ManifestOf = (part) => versions.find((one) => isPart(one, part))!.manifest!;
  const faults = fitnessFaults(manifest.ensemble, manifestOf).map(({ message }) => message);
  if (faults.length > 0) return { code: 'MEMBER_UNFIT', message: [...new Set(faults)].join('; ') };
  const plan = planOf(manifest, manifestOf);
  const differs = golden === undefined ? undefined : goldenFault(plan, golden);
  if (differs !== undefined) return { code: 'GOLDEN_MISMATCH', message: differs };
  const { name, version, weight, timeframes } = manifest;
  return {
    ...{ name, version, weight, role: 'active', share: 0, columns: CLASSES.length, classes: CLASSES },
    timeframes: TIMEFRAMES.filter((timeframe) => timeframes.includes(timeframe)),
    ensemble: plan,
  };
}

function isPart({ name, version }: ModelRef, part: Pick<Part, 'model' | 'version'>): boolean {
  return name === part.model && version === part.version;
}

function whyUnready(part: Part, versions: readonly MemberCandidate[]): string | undefined {
  const found = versions.find((one) => isPart(one, part));
  const ref = refOf({ name: part.model, version: part.version });
  if (!found) return `${ref} is not there`;
  if (found.refusal) return `${ref} is refused: ${found.refusal.code} ${found.refusal.message}`;
  if (!found.manifest) return `${ref} is an ensemble itself`;
  if (found.manifest.sha256 === part.sha256) return undefined;
  return `${ref} is file ${found.manifest.sha256.slice(0, 12)}…, not ${part.sha256.slice(0, 12)}… that it was made of`;
}

function planOf({ ensemble }: EnsembleManifest, manifestOf: ManifestOf): EnsemblePlan {
  const ref = ({ model: name, version }: Part): ModelRef => ({ name, version });
  if (ensemble.method === 'regime_gate') {
    const { method, gate, members } = ensemble;
    const regimes = manifestOf(gate).output.classes!;
    return { method, gate: ref(gate), regimes, members: members.map((one) => ({ ...ref(one), regime: one.regime })) };
  }
  const all = ensemble.members.length;
  const minMembers = ensemble.on_failure === 'abstain' ? all : (ensemble.min_members ?? 1);
  if (ensemble.method === 'weighted_vote') {
    const { method, members } = ensemble;
    return { method, members: members.map((one) => ({ ...ref(one), weight: one.weight })), minMembers };
  }
  const { method, members, meta } = ensemble;
  const columnsOf = (one: Part) => manifestOf(one).output.shape[1];
  const stacked = members.map((one) => ({ ...ref(one), columns: columnsOf(one) }));
  return { method, members: stacked, meta: ref(meta), minMembers };
}
