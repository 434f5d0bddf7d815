import type { Serving } from '../../domain/model.js';

/** @returns the version asked for; where none is, the active one, and without one the highest */
export function pickVersion<Served extends Pick<Serving, 'name' | 'version' | 'role'>>(
  all: readonly Served[],
  name: string,
  version?: string,
): Served | undefined {
  const versions = all.filter((one) => one.name === name);
  if (version !== undefined) return versions.find((one) => one.version === version);
  return versions.find(({ role }) => role === 'active') ?? versions.toSorted(highestFirst)[0];
}

function highestFirst(a: Pick<Serving, 'version'>, b: Pick<Serving, 'version'>): number {
  return b.version.localeCompare(a.version, 'en', { numeric: true });
}
