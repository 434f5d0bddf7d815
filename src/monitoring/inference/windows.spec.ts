import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SLICES, WINDOW_MS, Windows, type SlidingWindow, type Tally } from './windows.js';

/** A tally that forgets nothing: what a window holds is then known record by record. */
class Records implements Tally<Records> {
  readonly times: number[] = [];
  add(other: Records): void {
    this.times.push(...other.times);
  }
  clear(): void {
    this.times.length = 0;
  }
}

const record = (windows: Windows<Records>, now: number): void =>
  windows.current(now).forEach(({ times }) => times.push(now));
const sorted = ({ times }: Records): number[] => [...times].sort((a, b) => a - b);

const NAMES = Object.keys(WINDOW_MS) as SlidingWindow[];
const BEGIN = 1_764_000_000_000;

/** Moments of records, in order: bursts, and silences of up to an hour. */
const moments = fc
  .array(fc.oneof(fc.double({ min: 0, max: 2_000, noNaN: true }), fc.double({ min: 0, max: 3_600_000, noNaN: true })), {
    maxLength: 200,
  })
  .map((gaps) => {
    let now = BEGIN;
    return gaps.map((gap) => (now += gap));
  });

describe('windows', () => {
  it('hold exactly the records of the last slices that began within them, and none that is older', () => {
    fc.assert(
      fc.property(moments, fc.double({ min: 0, max: 1_800_000, noNaN: true }), (times, later) => {
        const windows = new Windows(() => new Records());
        for (const time of times) record(windows, time);
        const now = (times.at(-1) ?? BEGIN) + later;
        for (const name of NAMES) {
          const sliceMs = WINDOW_MS[name] / SLICES;
          const from = (Math.floor(now / sliceMs) - SLICES + 1) * sliceMs;
          const held = sorted(windows.over(name, now));
          expect(held).toEqual(times.filter((time) => time >= from));
          expect(held).toEqual(expect.arrayContaining(times.filter((time) => time > now - WINDOW_MS[name] + sliceMs)));
          expect(held.every((time) => time > now - WINDOW_MS[name])).toBe(true);
        }
        expect(sorted(windows.over('start', now))).toEqual(times);
      }),
    );
  });

  it('laps leave nothing out and count nothing twice', () => {
    fc.assert(
      fc.property(moments, fc.nat(200), (times, cut) => {
        const windows = new Windows(() => new Records());
        const laps: number[] = [];
        times.forEach((time, i) => {
          record(windows, time);
          if (i === cut) laps.push(...sorted(windows.lap()));
        });
        expect([...laps, ...sorted(windows.lap())]).toEqual(times);
        expect(sorted(windows.lap())).toEqual([]);
      }),
    );
  });

  it('reading one changes nothing', () => {
    const windows = new Windows(() => new Records());
    record(windows, BEGIN);
    for (let i = 0; i < 3; i += 1) for (const name of NAMES) expect(sorted(windows.over(name, BEGIN))).toEqual([BEGIN]);
  });

  it('a clock that steps back leaves the windows as they are', () => {
    const windows = new Windows(() => new Records());
    record(windows, BEGIN);
    record(windows, BEGIN - 500_000);
    expect(windows.over('1m', BEGIN).times).toHaveLength(2);
  });
});
