import type { ModelRef } from '../../domain/model.js';

/** A member, and what it answers a row. */
export interface Stacked extends ModelRef {
  readonly columns: number;
  readonly classes: readonly string[] | null;
}

/**
 * What a meta model's columns are called: `gbt.short`, `gbt.flat`, `gbt.long`, `wave.0`; with the version where two versions
 * of one model are members: `gbt@1.1.0.long`.
 * @param members in declared order
 */
export function stackColumns(members: readonly Stacked[]): string[] {
  return members.flatMap(({ name, version, columns, classes }) => {
    const several = members.filter((other) => other.name === name).length > 1;
    const member = several ? `${name}@${version}` : name;
    return Array.from({ length: columns }, (_, column) => `${member}.${classes?.[column] ?? column}`);
  });
}
