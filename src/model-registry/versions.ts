import type { ModelRef } from '../domain/model.js';
import { UNDECIDED, type Standing } from './lifecycle/standing.js';

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

/** @returns the minor version after the highest release, 1.0.0 where there is none */
export function nextVersion(versions: readonly string[]): string {
  const [highest] = versions.toSorted((a, b) => compareVersions(b, a));
  if (!highest) return '1.0.0';
  const { core } = split(highest);
  return `${core[0]}.${core[1]! + 1}.0`;
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
  /** They run beside the active ones, recorded and never traded. */
  readonly shadows: readonly Model[];
  /** Admitted, but another version of the same name serves. */
  readonly standby: readonly Model[];
  /** Admitted and chosen, but above the limit. */
  readonly crowdedOut: readonly Model[];
}

/**
 * Of every name one version serves: the one that a person chose, or the highest. Where that one is not admitted the one
 * before it goes on serving.
 * @param decided by name, what people decided; a name that is not in it is undecided
 * @param limit how many may serve at once (MODEL_CACHE_SIZE); those with the greatest weight stay, by name where equal
 */
export function chooseActive<Model extends ModelRef & { readonly weight: number }>(
  admitted: readonly Model[],
  decided: ReadonlyMap<string, Standing>,
  limit: number,
): Choice<Model> {
  const chosen = new Map<string, Model>();
  for (const name of new Set(admitted.map((model) => model.name))) {
    const versions = admitted.filter((model) => model.name === name);
    const serving = servingOf(versions, decided.get(name) ?? UNDECIDED);
    if (serving) chosen.set(name, serving);
  }
  const byWeight = [...chosen.values()].sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1));
  const serving = new Set(byWeight.slice(0, limit));
  const others = admitted.filter((model) => chosen.get(model.name) !== model);
  const inShadow = (model: Model): boolean => decided.get(model.name)?.shadows.includes(model.version) ?? false;
  return {
    active: [...serving].sort((a, b) => (a.name < b.name ? -1 : 1)),
    shadows: others.filter(inShadow),
    standby: others.filter((model) => !inShadow(model)),
    crowdedOut: byWeight.slice(limit),
  };
}

function servingOf<Model extends ModelRef>(versions: readonly Model[], standing: Standing): Model | undefined {
  const { choice, before } = standing;
  if (choice === null) return undefined;
  if (choice === 'newest') return versions.toSorted((a, b) => compareVersions(b.version, a.version))[0];
  for (const version of [choice, ...before.toReversed()]) {
    const found = versions.find((model) => model.version === version);
    if (found) return found;
  }
  return undefined;
}
