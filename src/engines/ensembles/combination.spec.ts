import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answers } from './answers.js';
import { NO_GATE, NO_MEMBER, regimeGate } from './regime-gate.js';
import { stackRow } from './stacked-rows.js';
import { weightedVote } from './weighted-vote.js';

type Row = readonly number[] | null;
/** A member that answered some rows; null: the row has no answer. */
const said = (columns: number, ...rows: Row[]): Answers => ({
  columns,
  probabilities: Float64Array.from(rows.flatMap((row) => row ?? Array<number>(columns).fill(9))),
  answered: Uint8Array.from(rows, (row) => (row ? 1 : 0)),
});
const blank = (rows: number): Answers => ({
  columns: 3,
  probabilities: new Float64Array(rows * 3).fill(NaN),
  answered: new Uint8Array(rows),
});
const rowsOf = ({ columns, probabilities, answered }: Answers): Row[] =>
  [...answered].map((yes, row) => (yes ? [...probabilities.slice(row * columns, (row + 1) * columns)] : null));

const LONG = [0, 0.25, 0.75];
const SHORT = [0.75, 0.25, 0];

const probabilities = fc
  .array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 })
  .map((raw) => raw.map((x) => x / raw.reduce((a, b) => a + b)));
const row = fc.option(probabilities, { nil: null, freq: 4 });
const ROWS = 6;
const rows = fc.array(row, { minLength: ROWS, maxLength: ROWS });

describe('a weighted vote', () => {
  const voted = (members: (Answers | undefined)[], weights: number[], least: number): Row[] => {
    const into = blank(members.find((one) => one !== undefined)!.answered.length);
    weightedVote(members, Float64Array.from(weights), least, into);
    return rowsOf(into);
  };

  it.each<[string, (Answers | undefined)[], number, Row]>([
    ['is the mean by weight', [said(3, LONG), said(3, SHORT)], 2, [0.1875, 0.25, 0.5625]],
    ['has no answer where fewer answered than must', [said(3, LONG), said(3, null)], 2, null],
    ['goes on with the weights of those that answered', [said(3, LONG), said(3, null)], 1, LONG],
    ['goes on without one that did not run', [undefined, said(3, SHORT)], 1, SHORT],
    ['has no answer where nobody answered', [said(3, null), said(3, null)], 1, null],
  ])('%s', (_, members, least, answer) => expect(voted(members, [3, 1], least)).toEqual([answer]));

  it('equals the mean written plainly, row by row', () => {
    const member = fc.record({ rows, weight: fc.double({ min: 0.1, max: 10, noNaN: true }) });
    const members = fc.array(member, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(members, fc.nat(4), (all, most) => {
        const least = 1 + (most % all.length);
        const mine = voted(
          all.map((one) => said(3, ...one.rows)),
          all.map(({ weight }) => weight),
          least,
        );
        for (let i = 0; i < ROWS; i += 1) {
          const answering = all.filter((one) => one.rows[i]);
          const total = answering.reduce((sum, { weight }) => sum + weight, 0);
          const mean = [0, 1, 2].map(
            (column) => answering.reduce((sum, one) => sum + one.weight * one.rows[i]![column]!, 0) / total,
          );
          expect(mine[i]).toEqual(answering.length < least ? null : mean);
        }
      }),
    );
  });
});

describe('a regime gate', () => {
  const gated = (gate: Answers | undefined, members: (Answers | undefined)[], memberOf: number[]) => {
    const into = blank(members.find((one) => one !== undefined)!.answered.length);
    const chosen = new Int16Array(into.answered.length);
    regimeGate(gate, Int16Array.from(memberOf), members, into, chosen);
    return { rows: rowsOf(into), chosen: [...chosen] };
  };
  const BULL = [0.6, 0.3, 0.1];
  const BEAR = [0.2, 0.5, 0.3];
  const FLAT = [0.1, 0.1, 0.8];

  it('lets the member of the most probable regime answer, and no other', () => {
    const members = [said(3, LONG, LONG, LONG, LONG), said(3, SHORT, null, SHORT, SHORT)];
    expect(gated(said(3, BULL, BEAR, FLAT, null), members, [0, 1, NO_MEMBER])).toEqual({
      rows: [LONG, null, null, null],
      chosen: [0, 1, NO_MEMBER, NO_GATE],
    });
  });

  it('takes the first of equals', () => {
    expect(gated(said(2, [0.5, 0.5]), [said(3, LONG), said(3, SHORT)], [1, 0]).rows).toEqual([SHORT]);
  });

  it('answers nothing where the gate did not run', () => {
    expect(gated(undefined, [said(3, LONG)], [0])).toEqual({ rows: [null], chosen: [NO_GATE] });
  });

  it('never lets a member that fails change a row that is not its own', () => {
    fc.assert(
      fc.property(rows, rows, rows, rows, (gate, one, other, broken) => {
        const whole = gated(said(3, ...gate), [said(3, ...one), said(3, ...other)], [0, 1, NO_MEMBER]);
        const hurt = gated(said(3, ...gate), [said(3, ...one), said(3, ...broken)], [0, 1, NO_MEMBER]);
        expect(hurt.chosen).toEqual(whole.chosen);
        whole.chosen.forEach((who, i) => who !== 1 && expect(hurt.rows[i]).toEqual(whole.rows[i]));
        whole.chosen.forEach((who, i) => who === 1 && expect(hurt.rows[i]).toEqual(broken[i]));
      }),
    );
  });
});

describe("a meta model's row", () => {
  it('has the members side by side, NaN for one that did not answer', () => {
    const into = new Float64Array(8).fill(-1);
    stackRow([said(3, LONG, SHORT), undefined, said(1, [4], [5])], [3, 2, 1], 1, into, 1);
    expect([...into]).toEqual([-1, ...SHORT, NaN, NaN, 5, -1]);
  });
});
