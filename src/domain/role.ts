import type { Pair } from './pair.js';

/** What a loaded version does in the runs of its timeframes. */
export const ROLES = [
  'active', // it votes
  'canary', // it votes on its share of the symbols, in place of the active version of its name
  'shadow', // it is scored and recorded, and has no vote
  'member', // it answers for an ensemble that votes
  'standby', // it is in no run: loaded and warm for ad hoc requests, and for a rollback
] as const;
export type Role = (typeof ROLES)[number];

/**
 * Whether a canary takes a symbol. The same symbols at every share, start and machine: those of a smaller share are among
 * those of a larger one.
 * @param share 0..1 of all symbols
 */
export function takenBy(share: number, symbol: Pair): boolean {
  return spread(symbol) < share;
}

/** @returns 0 ≤ x < 1, evenly spread over names (FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/, then mixed once) */
function spread(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}

interface Voter {
  readonly name: string;
  readonly role: Role;
  /** Of symbols, 0..1; of a canary. */
  readonly share: number;
}

/** @returns [symbols] 1 where the version has a vote @param voters every version that runs beside it, itself included */
export function votingRows(voter: Voter, voters: readonly Voter[], symbols: readonly Pair[]): Uint8Array {
  const canary = voters.find(({ name, role }) => name === voter.name && role === 'canary');
  switch (voter.role) {
    case 'active':
      return Uint8Array.from(symbols, (symbol) => (canary && takenBy(canary.share, symbol) ? 0 : 1));
    case 'canary':
      return Uint8Array.from(symbols, (symbol) => (takenBy(voter.share, symbol) ? 1 : 0));
    default:
      return new Uint8Array(symbols.length);
  }
}
