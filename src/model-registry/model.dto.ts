import { z } from 'zod';
import { RequestRefused } from '../platform/http/refusal.js';
import { variantLabel } from '../domain/model.js';
import { MODEL_STATES } from './memory/model-states.js';
import type { TransitionRow } from './memory/transition.repository.js';
import type { ModelVersion, ModelView } from './model-status.js';

export const modelsQuery = z.strictObject({
  name: z.string().min(1).max(40).optional(),
  state: z.enum(MODEL_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().min(1).max(200).optional(),
});

export const historyQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, 'must be the `next` of an earlier page')
    .optional(),
});

/** One model version as `GET /api/v1/models` shows it. Times in ms, weights and shares as plain numbers. */
export function modelDto({ name, version, state, role, share, refusal, ...rest }: ModelVersion) {
  const { manifest, ensemble, certificate, verdict } = rest;
  const declared = manifest ?? ensemble;
  const timings = verdict?.timings;
  return {
    name,
    version,
    state,
    role,
    canary_share: role === 'canary' ? share : null,
    reason: refusal ? { code: refusal.code, message: refusal.message } : null,
    engine: verdict?.chosen ? variantLabel(verdict.chosen.runnable.variant) : null,
    engine_chosen_by: verdict?.chosen?.why ?? null,
    engine_notes: verdict?.notes ?? [],
    kind: declared?.kind ?? null,
    ensemble: ensemble?.ensemble ?? null,
    framework: manifest?.framework ?? null,
    sha256: manifest?.sha256 ?? null,
    feature_hash: manifest?.feature_hash ?? null,
    features: manifest?.features.map((feature) => feature.name) ?? [],
    window: manifest?.window ?? null,
    timeframes: declared?.timeframes ?? [],
    weight: declared?.weight ?? null,
    labels: manifest?.labels ?? null,
    training: manifest?.training ?? null,
    metrics: declared?.metrics ?? null,
    admission: timings
      ? {
          hash_ms: timings.hashMs ?? null,
          load_ms: timings.loadMs ?? null,
          golden_ms: timings.goldenMs ?? null,
          warm_up_ms: timings.warmUpMs ?? null,
          run_1_ms: timings.run1Ms ?? null,
          run_64_ms: timings.run64Ms ?? null,
          golden_rows: verdict?.goldenRows ?? null,
          golden_worst: verdict?.goldenWorst ?? null,
        }
      : null,
    certificate: certificate ?? null,
    created_at: declared?.created_at ?? null,
  };
}

export interface ModelList {
  readonly data: readonly ReturnType<typeof modelDto>[];
  /** `name@version` of the last one shown, or null at the end. */
  readonly next: string | null;
}

/** @throws RequestRefused 400 for a cursor that no page gave */
export function modelList(versions: readonly ModelVersion[], query: z.output<typeof modelsQuery>): ModelList {
  const chosen = versions.filter(
    ({ name, state }) => (query.name ?? name) === name && (query.state ?? state) === state,
  );
  const start = query.cursor ? chosen.findIndex(({ name, version }) => `${name}@${version}` === query.cursor) + 1 : 0;
  if (query.cursor && start === 0) {
    const field = { field: 'query.cursor', message: 'must be the `next` of an earlier page' };
    throw new RequestRefused(400, 'INVALID_REQUEST', 'The query has 1 fault(s).', [field]);
  }
  const page = chosen.slice(start, start + query.limit);
  const last = page.at(-1);
  const more = start + page.length < chosen.length;
  return { data: page.map(modelDto), next: more && last ? `${last.name}@${last.version}` : null };
}

/** One model name: what serves, what was decided and done, every version. */
export function modelViewDto({ name, serving, standing, probation, versions, acts }: ModelView) {
  const { choice, before, shadows, canary, pinned } = standing;
  return {
    name,
    serving,
    pinned,
    canary,
    shadows,
    before,
    /** `newest` until somebody decides. */
    chosen: choice,
    probation: probation && { guard: probation.guard, ends_at: new Date(probation.endsAt).toISOString() },
    versions: versions.map(modelDto),
    acts: acts.slice(-100).toReversed(),
  };
}

export interface ModelHistory {
  /** Newest first. */
  readonly data: readonly ReturnType<typeof transitionDto>[];
  readonly next: string | null;
}

/** @param rows one more than the page, where there are more */
export function modelHistory(rows: readonly TransitionRow[], limit: number): ModelHistory {
  const page = rows.slice(0, limit);
  return { data: page.map(transitionDto), next: rows.length > limit ? page.at(-1)!.seq : null };
}

function transitionDto({ version, from_state, to_state, code, reason, who, at }: TransitionRow) {
  return { at: at.toISOString(), version, from: from_state, to: to_state, code, reason, who };
}
