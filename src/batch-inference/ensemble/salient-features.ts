import type { ModelFeature } from '../../domain/model.js';
import type { TopFeature } from '../../domain/prediction.js';

/** What moved one member's row, and how much the member counts. */
export interface Voice {
  readonly weight: number;
  readonly features: readonly ModelFeature[];
  readonly top: readonly TopFeature[];
}

/**
 * The features that moved the members of a vote furthest: each one's importance × |z| in a member, times the member's weight,
 * summed over the members that name it. Value and z-score are those of the member in which it counts most.
 * @returns at most `count`, most salient first
 */
export function salientFeatures(voices: readonly Voice[], count: number): readonly TopFeature[] {
  const found = new Map<string, { feature: TopFeature; largest: number; salience: number }>();
  for (const { weight, features, top } of voices) {
    for (const feature of top) {
      const importance = features.find(({ name }) => name === feature.name)?.importance ?? 0;
      const salience = weight * importance * Math.abs(feature.zScore);
      const before = found.get(feature.name) ?? { feature, largest: -1, salience: 0 };
      found.set(feature.name, {
        feature: salience > before.largest ? feature : before.feature,
        largest: Math.max(salience, before.largest),
        salience: before.salience + salience,
      });
    }
  }
  return [...found.values()]
    .sort((a, b) => b.salience - a.salience)
    .slice(0, count)
    .map(({ feature }) => feature);
}
