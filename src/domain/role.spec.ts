import { describe, expect, it } from 'vitest';
import { takenBy, votingRows } from './role.js';

const SYMBOLS = Array.from({ length: 2_000 }, (_, i) => `COIN${i}/USDT` as const);
const voter = (role: 'active' | 'canary' | 'shadow', share = 0, name = 'gbt') => ({ name, role, share });
const sum = (rows: Uint8Array) => rows.reduce((total, one) => total + one, 0);

describe('a canary', () => {
  it.each([0, 0.05, 0.25, 0.5, 1])('takes its share of the symbols: %d', (share) => {
    const taken = SYMBOLS.filter((symbol) => takenBy(share, symbol)).length;
    expect(Math.abs(taken / SYMBOLS.length - share)).toBeLessThan(0.03);
  });

  it('keeps its symbols when its share grows', () => {
    const few = SYMBOLS.filter((symbol) => takenBy(0.1, symbol));
    expect(few.every((symbol) => takenBy(0.3, symbol))).toBe(true);
  });

  it('votes in place of the active version: each symbol has one of the two', () => {
    const voters = [voter('active'), voter('canary', 0.3), voter('shadow')];
    const [active, canary, shadow] = voters.map((one) => votingRows(one, voters, SYMBOLS));
    expect(active!.every((one, row) => one + canary![row]! === 1)).toBe(true);
    expect(sum(shadow!)).toBe(0);
  });

  it('of another name takes nothing away', () => {
    const voters = [voter('active'), voter('canary', 0.5, 'tcn')];
    expect(sum(votingRows(voters[0]!, voters, SYMBOLS))).toBe(SYMBOLS.length);
  });
});
