import type { ModelEvent } from './model-event.js';

/** What was decided about one model name. */
export interface Standing {
  /** `newest` until somebody decides; then a version, or null for none. */
  readonly choice: 'newest' | string | null;
  /** Versions that served before it, the last one last: what a rollback returns to. */
  readonly before: readonly string[];
  /** Versions that run beside the one that serves, recorded and never traded. */
  readonly shadows: readonly string[];
  /** It votes on its share of the symbols, in place of the one that serves. */
  readonly canary: { readonly version: string; readonly share: number } | null;
  /** Nothing but an unpin changes what serves. */
  readonly pinned: boolean;
  /** When what serves was activated, ISO 8601; null: it serves for another reason. */
  readonly activatedAt: string | null;
}

export const UNDECIDED: Standing = {
  ...{ choice: 'newest', before: [], shadows: [], canary: null, pinned: false, activatedAt: null },
};

/**
 * Folds the log. A version that is imported or noticed decides nothing but that what served goes on: it never serves before
 * somebody activates it.
 * @param events oldest first
 * @returns by model name
 */
export function standings(events: readonly ModelEvent[]): ReadonlyMap<string, Standing> {
  const found = new Map<string, Standing>();
  for (const event of events) found.set(event.name, after(found.get(event.name) ?? UNDECIDED, event));
  return found;
}

function after(standing: Standing, event: ModelEvent): Standing {
  const { action, version, from, share } = event;
  switch (action) {
    case 'import':
    case 'notice':
      return standing.choice === 'newest' ? { ...standing, choice: from } : standing;
    case 'certify':
      return standing;
    case 'activate':
      return activated(standing, event);
    case 'rollback':
      return {
        ...{ ...without(standing, version), choice: version, activatedAt: null },
        before: standing.before.slice(0, Math.max(0, standing.before.lastIndexOf(version))),
      };
    case 'shadow': {
      const { shadows, ...rest } = without(standing, version);
      return { ...rest, shadows: [...shadows, version] };
    }
    case 'unshadow':
      return { ...standing, shadows: standing.shadows.filter((one) => one !== version) };
    case 'canary':
      return { ...without(standing, version), canary: { version, share: share! } };
    case 'uncanary':
      return { ...standing, canary: null };
    case 'pin':
      return { ...standing, choice: version, canary: null, pinned: true };
    case 'unpin':
      return { ...standing, pinned: false };
    case 'remove':
      return { ...without(standing, version), before: standing.before.filter((one) => one !== version) };
  }
}

function activated(standing: Standing, { version, from, at }: ModelEvent): Standing {
  const { before, activatedAt, ...rest } = without(standing, version);
  if (from === version) return { ...rest, choice: version, before, activatedAt };
  return { ...rest, choice: version, before: from ? [...before, from] : before, activatedAt: at };
}

/** A version has one part beside the one that serves, or none. */
function without(standing: Standing, version: string): Standing {
  const { shadows, canary } = standing;
  return {
    ...{ ...standing, shadows: shadows.filter((one) => one !== version) },
    canary: canary?.version === version ? null : canary,
  };
}
