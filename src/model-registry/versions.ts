import type { ModelRef } from '../domain/model.js';

/**
 * Semantic version order (semver.org §11).
 * @returns negative if `a` precedes `b`; a pre-release precedes its release
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left.core[i] ?? 0) - (right.core[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre.length === 0 || right.pre.length === 0) return right.pre.length - left.pre.length;
  for (let i = 0; i < Math.max(left.pre.length, right.pre.length); i++) {
    const order = comparePart(left.pre[i], right.pre[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function split(version: string): { core: number[]; pre: string[] } {
  const dash = version.indexOf('-');
  const core = dash < 0 ? version : version.slice(0, dash);
  return { core: core.split('.').map(Number), pre: dash < 0 ? [] : version.slice(dash + 1).split('.') };
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  const [numericA, numericB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (numericA && numericB) return Number(a) - Number(b);
  if (numericA !== numericB) return numericA ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface Choice<Model> {
  readonly active: readonly Model[];
  /** Admitted, but a newer version of the same name serves. */
  readonly standby: readonly Model[];
  /** Admitted and newest, but above the limit. */
  readonly crowdedOut: readonly Model[];
}

/**
 * Of every name the highest admitted version serves; so a refused version leaves the one before it in place.
 * @param limit how many may serve at once (MODEL_CACHE_SIZE); those with the greatest weight stay, by name where equal
 */
export function chooseActive<Model extends ModelRef & { readonly weight: number }>(
  admitted: readonly Model[],
  limit: number,
): Choice<Model> {
  const newest = new Map<string, Model>();
  for (const model of admitted) {
    const held = newest.get(model.name);
    if (!held || compareVersions(model.version, held.version) > 0) newest.set(model.name, model);
  }
  const byWeight = [...newest.values()].sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1));
  const serving = new Set(byWeight.slice(0, limit));
  return {
    active: [...serving].sort((a, b) => (a.name < b.name ? -1 : 1)),
    standby: admitted.filter((model) => newest.get(model.name) !== model),
    crowdedOut: byWeight.slice(limit),
  };
}
