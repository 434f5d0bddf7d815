import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goldenModel } from '../../../../test/golden/xgboost/golden.js';
import { faultOf } from '../../../engines/trees/ensemble-faults.js';
import { ImportRefused, type ImportCode } from '../import-refused.js';
import { importXgboost } from './xgboost.js';

const NAMES = [
  'categories',
  'dart-softprob',
  'vector-leaves',
  'gamma',
  'layout-1.0.2-dart',
  'layout-2.1.4-vector-leaves',
];
const SOURCES = NAMES.flatMap((name) =>
  (['json', 'ubj'] as const).flatMap((format) => {
    const bytes = goldenModel(name, format);
    return bytes === undefined ? [] : [{ name, format, bytes }];
  }),
);

/** A mutation takes a file apart and puts it together wrongly; places are shares of its length. */
type Mutation = (bytes: Buffer) => Buffer;

const place = fc.noBias(fc.nat(2 ** 24 - 1)).map((n) => n / 2 ** 24);
const at = (share: number, { length }: { length: number }) => Math.floor(share * length);

const flippedByte = fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(([share, byte]): Mutation => {
  return (bytes) => {
    const changed = Buffer.from(bytes);
    changed[at(share, bytes)] = byte;
    return changed;
  };
});
const cut = place.map(
  (share): Mutation =>
    (bytes) =>
      bytes.subarray(0, at(share, bytes)),
);
const hole = fc.tuple(place, fc.integer({ min: 1, max: 400 })).map(([share, size]): Mutation => {
  return (bytes) => Buffer.concat([bytes.subarray(0, at(share, bytes)), bytes.subarray(at(share, bytes) + size)]);
});
const splicedChunk = fc.tuple(place, place, fc.integer({ min: 1, max: 400 })).map(([from, to, size]): Mutation => {
  return (bytes) => {
    const chunk = bytes.subarray(at(from, bytes), at(from, bytes) + size);
    return Buffer.concat([bytes.subarray(0, at(to, bytes)), chunk, bytes.subarray(at(to, bytes))]);
  };
});
/** Overwrites four bytes with a large big-endian number: in UBJSON a count, an index or a float. */
const hugeWord = fc
  .tuple(place, fc.constantFrom(0x7fffffff, 0xffffffff, 0x00ffffff, 0x80000000, 0x7fc00000, 0x7f800000, 0x01000000))
  .map(([share, word]): Mutation => {
    return (bytes) => {
      const changed = Buffer.from(bytes);
      const start = Math.min(at(share, bytes), bytes.length - 4);
      if (start >= 0) changed.writeUInt32BE(word, start);
      return changed;
    };
  });
const HUGE = [
  '2000000000',
  '-2000000000',
  '99999999999999999999',
  '1e308',
  '-1',
  '0',
  '',
  'NaN',
  'Infinity',
  '1e-400',
  '3',
];
/** Of a text, another number in place of one; of UBJSON, of a parameter kept as text. */
const otherNumber = fc.tuple(place, fc.constantFrom(...HUGE)).map(([share, number]): Mutation => {
  return (bytes) => {
    const text = bytes.toString('latin1');
    const numbers = [...text.matchAll(/-?\d[\d.Ee+-]*/g)];
    if (numbers.length === 0) return bytes;
    const { index, 0: found } = numbers[at(share, numbers)];
    return Buffer.from(text.slice(0, index) + number + text.slice(index + found.length), 'latin1');
  };
});
/** Exchanges two words of the same file: names of fields most of all. */
const exchangedNames = fc.tuple(place, place).map(([a, b]): Mutation => {
  return (bytes) => {
    const text = bytes.toString('latin1');
    const names = [...text.matchAll(/[a-z_]{4,}/g)];
    if (names.length === 0) return bytes;
    const { index, 0: found } = names[at(a, names)];
    return Buffer.from(text.slice(0, index) + names[at(b, names)][0] + text.slice(index + found.length), 'latin1');
  };
});

const mutation = fc.oneof(flippedByte, cut, hole, splicedChunk, hugeWord, exchangedNames, {
  weight: 3,
  arbitrary: otherNumber,
});
const damaged = fc.record({
  source: fc.constantFrom(...SOURCES),
  mutations: fc.array(mutation, { minLength: 1, maxLength: 3 }),
});

describe('damaged files', () => {
  it('each is refused with a code, or is a sound ensemble after all', () => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(damaged, ({ source: { format, bytes }, mutations }) => {
        const file = mutations.reduce<Buffer>((damage, mutate) => mutate(damage), Buffer.from(bytes));
        const outcome = `${format} ${outcomeOf(file)}`;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 6_000, seed: 20_26 },
    );
    // The mutations reach behind the first check, and not all of them are harmless.
    for (const format of ['json', 'ubj']) {
      expect(outcomes.get(`${format} imported`)).toBeGreaterThan(100);
      expect(outcomes.get(`${format} SOURCE_INVALID`)).toBeGreaterThan(600);
      expect(outcomes.has(`${format} NOT_EXPRESSIBLE`)).toBe(true);
    }
  });
});

/** @throws anything but an ImportRefused, and what faultOf finds */
function outcomeOf(file: Buffer): ImportCode | 'imported' {
  try {
    const { model, categoryNames } = importXgboost(file, { trees: 'best' });
    const { ensemble, rules, featureNames } = model;
    expect(faultOf(ensemble)).toBeUndefined();
    expect(featureNames).toHaveLength(ensemble.features);
    const columns = [...(rules.categories?.columns ?? []), ...categoryNames.keys()];
    expect(columns.every((column) => column < ensemble.features)).toBe(true);
    return 'imported';
  } catch (error) {
    if (error instanceof ImportRefused) return error.code;
    throw error;
  }
}
