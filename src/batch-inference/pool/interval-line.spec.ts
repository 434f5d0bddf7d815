import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntervalLine } from './interval-line.js';
import { FLOAT32, nextJob, type Job, type Outcome } from './job.js';

const [input, output] = [new ArrayBuffer(0), new ArrayBuffer(0)];
const job = (key: string, rows: number, settle: (outcome: Outcome) => void = () => undefined): Job => ({
  ...{ key, rows, input, output, dtype: FLOAT32, settle },
});

describe('a free worker', () => {
  it('takes the first job of the interval that it can run, and another only where there is none', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const keys = fc.uniqueArray(key);
    const act = fc.oneof(fc.record({ interval: key }), fc.record({ beside: key }), fc.record({ free: keys }));
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const [interval, beside] = [new IntervalLine(), new IntervalLine()];
        const waiting: { first: boolean; job: Job }[] = [];
        acts.forEach((act, rows) => {
          if ('free' in act) {
            const can = (key: string) => act.free.some((one) => one === key);
            const able = waiting.filter(({ job }) => can(job.key));
            const expected = able.find(({ first }) => first) ?? able[0];
            expect(nextJob([interval, beside], can)).toBe(expected?.job);
            if (expected) waiting.splice(waiting.indexOf(expected), 1);
          } else {
            const first = 'interval' in act;
            const made = job(first ? act.interval : act.beside, rows);
            (first ? interval : beside).push(made);
            waiting.push({ first, job: made });
          }
          expect(interval.length + beside.length).toBe(waiting.length);
        });
      }),
    );
  });

  it('finds nothing of what was refused meanwhile', () => {
    const line = new IntervalLine();
    const outcomes: Outcome[] = [];
    line.push(job('a', 3, (outcome) => outcomes.push(outcome)));
    line.push(job('b', 4, (outcome) => outcomes.push(outcome)));
    expect([line.waits('a'), line.waits('c'), line.cost(({ rows }) => rows)]).toEqual([true, false, 7]);
    line.flush('DEADLINE', 'too late');
    const refused = { answered: false, code: 'DEADLINE', reason: 'too late' };
    expect(outcomes).toEqual([refused, refused]);
    expect(line.next(() => true)).toBeUndefined();
  });
});
