import { describe, expect, it } from 'vitest';
import type { Abstention } from '../../domain/abstention.js';
import type { RegimeGate } from '../../domain/ensemble.js';
import type { Pair } from '../../domain/pair.js';
import type { ModelRun } from '../../domain/prediction.js';
import { batchOf, FLAT, LONG, SHORT } from '../../../test/builders/prediction-batch.js';
import { combineGate, combineVote, stackable, type Combined, type Heard } from './combine.js';
import { missingAnswer } from './missing-answer.js';

type Row = readonly [number, number, number] | Abstention;
const SYMBOLS: Pair[] = ['S0/USDT', 'S1/USDT', 'S2/USDT'];

/** A member's run: an answer a row, or why there is none. */
function run(...rows: Row[]): ModelRun {
  const [made] = batchOf([{ model: 'm', rows: rows.map((row) => (typeof row === 'string' ? undefined : row)) }]).runs;
  const why = rows.flatMap((row, i) => (typeof row === 'string' ? [[SYMBOLS[i]!, row] as const] : []));
  return { ...made!, abstentions: new Map(why) };
}
const rowsOf = ({ probabilities, answered, abstentions }: Combined) =>
  [...answered].map((yes, row) =>
    yes
      ? [...probabilities.slice(row * 3, row * 3 + 3)].map((p) => Number(p.toFixed(6)))
      : abstentions.get(SYMBOLS[row]!),
  );
const ref = (name: string) => ({ name, version: '1.0.0' });

describe('a vote', () => {
  const vote = (minMembers: number, ...members: Heard[]) =>
    rowsOf(
      combineVote(
        { method: 'weighted_vote', members: members.map(() => ({ ...ref('m'), weight: 1 })), minMembers },
        members,
        SYMBOLS,
      ),
    );

  it('abstains where a member that may not fail did', () => {
    const members = [run(LONG, SHORT, LONG), run(SHORT, 'DEADLINE', LONG)];
    expect(vote(2, ...members)).toEqual([[0.4, 0.2, 0.4], 'MEMBER_FAILED', LONG]);
  });

  it('goes on where enough answered', () => {
    const members = [run(LONG, SHORT, 'NOT_FINITE'), run(SHORT, 'DEADLINE', 'ENGINE_FAILED')];
    expect(vote(1, ...members)).toEqual([[0.4, 0.2, 0.4], SHORT, 'MEMBER_FAILED']);
  });

  it('a member that did not run fails in every row', () => {
    expect(vote(2, run(LONG, SHORT, LONG), undefined)).toEqual(['MEMBER_FAILED', 'MEMBER_FAILED', 'MEMBER_FAILED']);
    expect(vote(1, run(LONG, SHORT, LONG), undefined)).toEqual([LONG, SHORT, LONG]);
  });
});

describe('a gate', () => {
  const BULL = [0.8, 0.1, 0.1] as const;
  const BEAR = [0.1, 0.8, 0.1] as const;
  const FLUX = [0.1, 0.1, 0.8] as const;
  const plan: RegimeGate = {
    ...{ method: 'regime_gate', gate: ref('g'), regimes: ['bull', 'bear', 'flux'] },
    members: [
      { ...ref('b'), regime: 'bear' },
      { ...ref('a'), regime: 'bull' },
    ],
  };
  const gated = (gate: Heard, bear: Heard, bull: Heard) => combineGate(plan, gate, [bear, bull], SYMBOLS);

  it("gives each row the answer of its regime's member", () => {
    const combined = gated(run(BULL, BEAR, FLUX), run(SHORT, FLAT, SHORT), run(LONG, LONG, LONG));
    expect(rowsOf(combined)).toEqual([LONG, FLAT, 'NO_MEMBER']);
    expect([...combined.chosen.slice(0, 2)]).toEqual([1, 0]);
  });

  it('abstains where the gate, or the member that it names, did not answer; another that failed is of no matter', () => {
    const combined = gated(run(BULL, BEAR, 'DEADLINE'), run('DEADLINE', 'DEADLINE', SHORT), run(LONG, LONG, LONG));
    expect(rowsOf(combined)).toEqual([LONG, 'MEMBER_FAILED', 'MEMBER_FAILED']);
  });
});

describe('a stack', () => {
  const members = [run(LONG, 'DEADLINE', 'WARMING_UP'), run(LONG, SHORT, 'WARMING_UP')];
  const stacked = (minMembers: number, hasMeta = true) => {
    const plan = { method: 'stacking', meta: ref('m'), minMembers, members: [] } as const;
    const { rows, absent } = stackable(plan, hasMeta, members, SYMBOLS);
    return [...rows, ...[...absent].map(([row, why]) => `${row} ${why}`)];
  };

  it('asks its meta model about the rows that enough members answered', () => {
    expect(stacked(2)).toEqual([0, '1 MEMBER_FAILED', '2 WARMING_UP']);
    expect(stacked(1)).toEqual([0, 1, '2 WARMING_UP']);
    expect(stacked(1, false)).toEqual(['0 MEMBER_FAILED', '1 MEMBER_FAILED', '2 WARMING_UP']);
  });
});

describe('why there is no answer', () => {
  it.each<[string, (Abstention | undefined)[], Abstention]>([
    ['the candle is not there: told as it is', ['CANDLE_MISSING', 'CANDLE_MISSING'], 'CANDLE_MISSING'],
    ['so where a member did not run at all', [undefined, 'GAP'], 'GAP'],
    ['the series is young', ['WARMING_UP'], 'WARMING_UP'],
    ['one failed beside one that warms up', ['WARMING_UP', 'DEADLINE'], 'MEMBER_FAILED'],
    ['a member failed', ['ENGINE_FAILED'], 'MEMBER_FAILED'],
    ['a member did not run', [undefined], 'MEMBER_FAILED'],
    ['a row unlike what a member was trained on', ['OUT_OF_DISTRIBUTION'], 'MEMBER_FAILED'],
  ])('%s', (_, reasons, code) => expect(missingAnswer(reasons)).toBe(code));
});
