/** When a value is alarming, and when it no longer is. Between the two limits nothing changes. */
export interface Hysteresis {
  /** Raised once the value was above it so many times in a row. */
  readonly limit: number;
  readonly raiseAfter: number;
  /** Cleared once the value was at or below it, limit × share, so many times in a row. */
  readonly clearAt: number;
  readonly clearAfter: number;
}

/**
 * quiet   → raised, after `raiseAfter` values above the limit in a row
 * raised  → quiet, after `clearAfter` values at or below `clearAt` in a row
 */
export interface Standing {
  readonly raised: boolean;
  /** Values in a row that spoke for the other state. */
  readonly streak: number;
}

export const QUIET: Standing = { raised: false, streak: 0 };

export function next({ raised, streak }: Standing, value: number, rule: Hysteresis): Standing {
  const speaksForChange = raised ? value <= rule.clearAt : value > rule.limit;
  if (!speaksForChange) return { raised, streak: 0 };
  const enough = streak + 1 >= (raised ? rule.clearAfter : rule.raiseAfter);
  return enough ? { raised: !raised, streak: 0 } : { raised, streak: streak + 1 };
}
