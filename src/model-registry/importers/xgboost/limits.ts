import { ImportRefused } from '../import-refused.js';

/** What is read at most: a file beyond any of these is SOURCE_TOO_LARGE. */
export const LIMITS = {
  bytes: 256 * 2 ** 20,
  /** Objects and arrays inside one another. */
  depth: 64,
  /** Keys of one object. */
  keys: 10_000,
  /** Numbers of one array. */
  elements: 40_000_000,
  /** Bytes of one string that is kept. */
  stringBytes: 2 ** 20,
  trees: 100_000,
  nodes: 20_000_000,
  features: 1_000_000,
  categoryNames: 1_000_000,
} as const;

export function invalid(message: string): ImportRefused {
  return new ImportRefused('SOURCE_INVALID', message);
}

export function tooLarge(what: string, limit: number): ImportRefused {
  return new ImportRefused('SOURCE_TOO_LARGE', `more than ${limit} ${what}`);
}
