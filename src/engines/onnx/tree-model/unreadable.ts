/** Why a graph is not one that we can compute ourselves; thrown while it is read, told as a value by whoever reads it. */
export class Unreadable extends Error {}

/** @throws Unreadable */
export function readable(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Unreadable(otherwise);
}
