import { atr } from './kernels/directional.js';
import type { Plan, Slot } from './plan.js';

export const FAMILIES = [
  'returns',
  'trend',
  'momentum',
  'volatility',
  'volume',
  'candle-shape',
  'regime',
  'calendar',
] as const;
export type Family = (typeof FAMILIES)[number];

/** One feature: what it is called, what it says, who said it first, and how a plan computes it. */
export interface Recipe {
  readonly name: string;
  /** Scale-free: no price unit and no volume unit is left in it. Undefined quotients are spelled out. */
  readonly formula: string;
  /** Author and work, or the implementation whose conventions it follows. */
  readonly source: string;
  readonly build: (plan: Plan) => Slot;
}

/**
 * The unit that distances in price are measured in: ATR(14), and not less than a millionth of the close, so that a dead
 * market gives 0 and never 0 ÷ 0. The formulas call it `atr`.
 */
export function unit(plan: Plan): Slot {
  return plan.once('unit', () =>
    plan.derive(
      (s, out, range, close) => {
        s[out] = Math.max(s[range], s[close] * 1e-6);
      },
      atr(plan, 14),
      plan.close,
    ),
  );
}

/** @returns (a − b) ÷ unit */
export function inUnits(plan: Plan, a: Slot, b: Slot): Slot {
  return plan.derive(
    (s, out, x, from, per) => {
      s[out] = (s[x] - s[from]) / s[per];
    },
    a,
    b,
    unit(plan),
  );
}
