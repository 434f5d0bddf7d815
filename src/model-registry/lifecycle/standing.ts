import { z } from 'zod';
import { modelName, modelVersion } from '../manifest.js';

/** What a person did to a model. */
export const MODEL_ACTIONS = ['import', 'certify', 'activate', 'rollback', 'shadow', 'unshadow', 'remove'] as const;
export type ModelAction = (typeof MODEL_ACTIONS)[number];

/** One line of the lifecycle log. */
export const modelEvent = z.strictObject({
  at: z.iso.datetime(),
  who: z.string().min(1),
  action: z.enum(MODEL_ACTIONS),
  name: modelName,
  version: modelVersion,
  /** The version that served when it was done; null: none. */
  from: modelVersion.nullable(),
});
export type ModelEvent = z.output<typeof modelEvent>;

/** What people decided about one model name. */
export interface Standing {
  /** `newest` until somebody decides; then a version, or null for none. */
  readonly choice: 'newest' | string | null;
  /** Versions that served before it, the last one last: what a rollback returns to. */
  readonly before: readonly string[];
  /** Versions that run beside the one that serves, recorded and never traded. */
  readonly shadows: readonly string[];
}

export const UNDECIDED: Standing = { choice: 'newest', before: [], shadows: [] };

/**
 * Folds the log. An import decides nothing but that what served goes on: a new version never serves before somebody
 * activates it.
 * @param events oldest first
 * @returns by model name
 */
export function standings(events: readonly ModelEvent[]): ReadonlyMap<string, Standing> {
  const found = new Map<string, Standing>();
  for (const event of events) found.set(event.name, after(found.get(event.name) ?? UNDECIDED, event));
  return found;
}

function after(standing: Standing, { action, version, from }: ModelEvent): Standing {
  const { choice, before, shadows } = standing;
  const others = shadows.filter((one) => one !== version);
  switch (action) {
    case 'import':
      return choice === 'newest' ? { ...standing, choice: from } : standing;
    case 'certify':
      return standing;
    case 'activate':
      return { choice: version, before: from && from !== version ? [...before, from] : before, shadows: others };
    case 'rollback':
      return { choice: version, before: before.slice(0, before.lastIndexOf(version)), shadows: others };
    case 'shadow':
      return { ...standing, shadows: [...others, version] };
    case 'unshadow':
      return { ...standing, shadows: others };
    case 'remove':
      return { ...standing, before: before.filter((one) => one !== version), shadows: others };
  }
}
