import { z } from 'zod';
import type { ModelRef } from '../../domain/model.js';
import { ImportRefused } from '../importers/import-refused.js';
import { draftSchema, type Combination, type CombinationDraft, type PartDraft } from './combination.js';
import { ENSEMBLE, timeframes, weight, type EnsembleManifest } from './ensemble-manifest.js';

/** An ensemble as a person writes it: the manifest without what is known when it is registered. */
const ensembleDraft = z.strictObject({
  timeframes,
  weight: weight.default(1),
  metrics: z.record(z.string(), z.unknown()).default({}),
  ensemble: draftSchema,
});
export type EnsembleDraft = z.output<typeof ensembleDraft>;

export interface EnsembleRequest extends ModelRef {
  /** The text of the draft. */
  readonly draft: string;
  /** Path of a golden.json of the combination; undefined: it has none. */
  readonly golden: string | undefined;
}

/** @throws ImportRefused SOURCE_INVALID naming every fault */
export function readDraft(text: string): EnsembleDraft {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new ImportRefused('SOURCE_INVALID', `the ensemble is no JSON: ${(error as Error).message}`);
  }
  const read = ensembleDraft.safeParse(raw);
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message }) => `${path.join('.') || 'the ensemble'}: ${message}`);
  throw new ImportRefused('SOURCE_INVALID', faults.join('; '));
}

/** @returns every version that a draft names, `name` or `name@version` */
export function namesIn({ ensemble }: EnsembleDraft): readonly string[] {
  const others = 'meta' in ensemble ? [ensemble.meta] : 'gate' in ensemble ? [ensemble.gate] : [];
  return [...ensemble.members, ...others].map(nameOf);
}

/** @param pinOf the version and file that a name stands for, as `namesIn` writes it */
export function manifestOf(
  { ensemble, ...rest }: EnsembleDraft,
  { name, version }: ModelRef,
  createdAt: string,
  pinOf: (name: string) => { readonly version: string; readonly sha256: string },
): EnsembleManifest {
  const pinned = pin(ensemble, (part) => ({
    ...part,
    ...pinOf(nameOf(part)),
    ...(part.sha256 && { sha256: part.sha256 }),
  }));
  return { schema: 2, name, version, kind: ENSEMBLE, ...rest, ensemble: pinned, created_at: createdAt };
}

type Pin = <Draft extends PartDraft>(part: Draft) => Draft & { version: string; sha256: string };

function pin(draft: CombinationDraft, pinned: Pin): Combination {
  switch (draft.method) {
    case 'weighted_vote':
      return { ...draft, members: draft.members.map(pinned) };
    case 'stacking':
      return { ...draft, members: draft.members.map(pinned), meta: pinned(draft.meta) };
    case 'regime_gate':
      return { ...draft, gate: pinned(draft.gate), members: draft.members.map(pinned) };
  }
}

function nameOf({ model, version }: PartDraft): string {
  return version === undefined ? model : `${model}@${version}`;
}
