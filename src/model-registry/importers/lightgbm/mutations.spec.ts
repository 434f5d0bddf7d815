import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { golden } from '../../../../test/golden/lightgbm/golden.js';
import { faultOf } from '../../../engines/trees/ensemble-faults.js';
import { ImportRefused, type ImportCode } from '../import-refused.js';
import { importLightgbm } from './lightgbm.js';

const NAMES = ['categorical', 'multiclassova', 'one-leaf-among-trees', 'pandas-categories', 'forest', 'missing-zero'];
const SOURCES = Object.fromEntries(NAMES.map((name) => [name, golden(name).model]));
const HUGE = [
  '2000000000',
  '-2000000000',
  '4294967295',
  '99999999999999999999',
  '1e308',
  '-1',
  '0',
  '',
  'nan',
  'inf',
  '0x7f',
  ' ',
];

/** A mutation takes a text apart and puts it together wrongly; places are shares of its length. */
type Mutation = (text: string) => string;

const place = fc.noBias(fc.nat(2 ** 24 - 1)).map((n) => n / 2 ** 24);
const at = (share: number, length: number) => Math.floor(share * length);

const flippedByte = fc.tuple(place, fc.integer({ min: 0, max: 127 })).map(([share, code]): Mutation => {
  return (text) => {
    const i = at(share, text.length);
    return text.slice(0, i) + String.fromCharCode(code) + text.slice(i + 1);
  };
});
const cut = place.map(
  (share): Mutation =>
    (text) =>
      text.slice(0, at(share, text.length)),
);
const hole = fc.tuple(place, fc.integer({ min: 1, max: 400 })).map(([share, size]): Mutation => {
  return (text) => text.slice(0, at(share, text.length)) + text.slice(at(share, text.length) + size);
});
const swappedLines = fc.tuple(place, place).map(([a, b]): Mutation => {
  return (text) => {
    const lines = text.split('\n');
    const [i, j] = [at(a, lines.length), at(b, lines.length)];
    [lines[i], lines[j]] = [lines[j], lines[i]];
    return lines.join('\n');
  };
});
const splicedLine = fc.tuple(place, place).map(([from, to]): Mutation => {
  return (text) => {
    const lines = text.split('\n');
    lines.splice(at(to, lines.length), 1, lines[at(from, lines.length)]);
    return lines.join('\n');
  };
});
const doubledBlock = fc.tuple(place, fc.integer({ min: 1, max: 3_000 })).map(([share, size]): Mutation => {
  return (text) => {
    const i = at(share, text.length);
    return text.slice(0, i + size) + text.slice(i);
  };
});
const otherNumber = fc
  .tuple(place, fc.oneof(fc.constantFrom(...HUGE), fc.nat(9).map(String)))
  .map(([share, number]): Mutation => {
    return (text) => {
      const numbers = [...text.matchAll(/-?\d[\d.e+-]*/g)];
      if (numbers.length === 0) return text;
      const { index, 0: found } = numbers[at(share, numbers.length)];
      return text.slice(0, index) + number + text.slice(index + found.length);
    };
  });

const mutation = fc.oneof(flippedByte, cut, hole, swappedLines, splicedLine, doubledBlock, {
  weight: 4,
  arbitrary: otherNumber,
});
const damaged = fc.record({
  name: fc.constantFrom(...NAMES),
  /** Byte counts catch most of what changes a length: half of the texts go without. */
  sizes: fc.boolean(),
  /** Importances and parameters are half of a small file, and free text. */
  tail: fc.boolean(),
  mutations: fc.array(mutation, { minLength: 1, maxLength: 3 }),
});

describe('damaged files', () => {
  it('each is refused with a code, or is a sound ensemble after all', () => {
    const outcomes = new Map<ImportCode | 'imported', number>();
    fc.assert(
      fc.property(damaged, ({ name, sizes, tail, mutations }) => {
        const whole = sizes ? SOURCES[name] : SOURCES[name].replace(/^tree_sizes=.*\n/m, '');
        const text = tail ? whole : whole.replace(/parameters:[^]*?(?=end of)/, 'parameters:\n');
        const outcome = outcomeOf(mutations.reduce((damage, mutate) => mutate(damage), text));
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 6_000, seed: 20_26 },
    );
    // The mutations reach behind the first check, and not all of them are harmless.
    expect(outcomes.get('imported')).toBeGreaterThan(500);
    expect(outcomes.get('SOURCE_INVALID')).toBeGreaterThan(3_000);
    expect(outcomes.has('NOT_EXPRESSIBLE')).toBe(true);
  });
});

/** @throws anything but an ImportRefused, and what faultOf finds */
function outcomeOf(text: string): ImportCode | 'imported' {
  try {
    const { ensemble, rules } = importLightgbm(Buffer.from(text)).model;
    expect(faultOf(ensemble)).toBeUndefined();
    const columns = [...rules.zeroIsMissing, ...(rules.categories?.columns ?? [])];
    expect(columns.every((column) => column < ensemble.features)).toBe(true);
    return 'imported';
  } catch (error) {
    if (error instanceof ImportRefused) return error.code;
    throw error;
  }
}
