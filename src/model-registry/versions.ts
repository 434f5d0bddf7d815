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
