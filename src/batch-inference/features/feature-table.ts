import { createHash } from 'node:crypto';
import { CALENDAR } from './families/calendar.js';
import { CANDLE_SHAPE } from './families/candle-shape.js';
import { MOMENTUM } from './families/momentum.js';
import { REGIME } from './families/regime.js';
import { RETURNS } from './families/returns.js';
import { TREND } from './families/trend.js';
import { VOLATILITY } from './families/volatility.js';
import { VOLUME } from './families/volume.js';
import { Plan, type Slot } from './plan.js';
import type { Family, Recipe } from './recipe.js';

export interface FeatureDefinition {
  readonly name: string;
  readonly family: Family;
  /** In terms of open, high, low, close, volume (x[k] = k candles ago) and atr = max(ATR(14), 1e-6 close). */
  readonly formula: string;
  readonly source: string;
  /** Contiguous candles until the value is settled: defined, and its seed, if it has one, below 1e-3 of it. */
  readonly warmUp: number;
}

const TABLE: readonly (Recipe & { readonly family: Family })[] = Object.entries({
  returns: RETURNS,
  trend: TREND,
  momentum: MOMENTUM,
  volatility: VOLATILITY,
  volume: VOLUME,
  'candle-shape': CANDLE_SHAPE,
  regime: REGIME,
  calendar: CALENDAR,
} satisfies Record<Family, readonly Recipe[]>).flatMap(([family, recipes]) =>
  recipes.map((recipe) => ({ ...recipe, family: family as Family })),
);

/** @returns where the plan puts each feature, in table order */
export function buildFeatures(plan: Plan): readonly Slot[] {
  return TABLE.map((recipe) => recipe.build(plan));
}

const { built: slots } = Plan.of(buildFeatures);

/** Every feature this project computes, in the order of a row. */
export const FEATURES: readonly FeatureDefinition[] = TABLE.map(({ name, family, formula, source }, i) => ({
  name,
  family,
  formula,
  source,
  warmUp: slots[i].settled,
}));

export const FEATURE_NAMES: readonly string[] = FEATURES.map(({ name }) => name);

/** Contiguous candles until a whole row is warm. */
export const WARM_UP = Math.max(...FEATURES.map(({ warmUp }) => warmUp));

const INDEX: ReadonlyMap<string, number> = new Map(FEATURE_NAMES.map((name, i) => [name, i]));

/** A model asks for a feature that this project does not compute. */
export class UnknownFeature extends Error {
  override readonly name = 'UnknownFeature';
  constructor(readonly feature: string) {
    super(`no feature is called '${feature}'`);
  }
}

/** @returns the feature's column in a row; @throws UnknownFeature */
export function featureIndexOf(name: string): number {
  const index = INDEX.get(name);
  if (index === undefined) throw new UnknownFeature(name);
  return index;
}

/** @returns the columns of these features in a row; @throws UnknownFeature */
export function featureColumnsOf(names: readonly string[]): Int32Array {
  return Int32Array.from(names, featureIndexOf);
}

/**
 * Names what a model was trained on: sha256 (hex) of the definitions of these features, in this order: name, family,
 * formula and warm-up.
 * @throws UnknownFeature
 */
export function featureHashOf(names: readonly string[]): string {
  const definitions = names.map((name) => {
    const { family, formula, warmUp } = FEATURES[featureIndexOf(name)];
    return [name, family, formula, warmUp];
  });
  return createHash('sha256').update(JSON.stringify(definitions)).digest('hex');
}

export const FEATURE_HASH = featureHashOf(FEATURE_NAMES);
