import { describe, expect, it } from 'vitest';
import { referenceFaults, referenceSchema } from './reference.js';

const spread = (...edges: number[]) => ({
  edges,
  shares: Array<number>(edges.length + 1).fill(1 / (edges.length + 1)),
});
const whole = { features: [spread(0), spread(-1, 0, 1)], outputs: [spread(0.2), spread(0.3), spread(0.4)] };
const REFERENCE = { ...whole, rows: 1000, timeframes: { '5m': whole }, distance: { limit: 25 } };
const FEATURES = [{ std: 1 }, { std: 0 }];
const OUTPUT = { shape: [null, 3] as const };
const withSpread = (features: unknown) => ({ ...REFERENCE, features: [spread(0), features] });

describe('the reference of a manifest', () => {
  it.each([
    ['with timeframes', REFERENCE],
    ['without', { ...whole, rows: 1, distance: { limit: 1 } }],
    ['rounded', withSpread({ edges: [0, 1], shares: [0.333, 0.333, 0.333] })],
  ])('%s is read', (_, raw) => {
    const reference = referenceSchema.parse(raw);
    expect(reference).toEqual(raw);
    expect(referenceFaults({ features: FEATURES, output: OUTPUT, reference })).toEqual([]);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['an unknown key', { ...REFERENCE, bins: 10 }, '', /bins/],
    ['edges that do not ascend', withSpread(spread(1, 0)), 'features.1.edges', /ascend/],
    ['an edge twice', withSpread(spread(1, 1)), 'features.1.edges', /ascend/],
    ['an edge that is no number', withSpread({ edges: [null], shares: [0.5, 0.5] }), 'features.1.edges.0', /number/],
    ['an infinite edge', withSpread(spread(0, Infinity)), 'features.1.edges.1', /number/],
    ['no edge', withSpread({ edges: [], shares: [1] }), 'features.1.edges', /1/],
    ['more than 20 bins', withSpread(spread(...Array(20).keys())), 'features.1.edges', /19/],
    ['as many shares as edges', withSpread({ edges: [0, 1], shares: [0.5, 0.5] }), 'features.1', /one share more/],
    ['shares that miss a tenth', withSpread({ edges: [0], shares: [0.5, 0.4] }), 'features.1.shares', /add up to 1/],
    ['a share below 0', withSpread({ edges: [0], shares: [1.5, -0.5] }), 'features.1.shares.0', /1/],
    ['no rows', { ...REFERENCE, rows: 0 }, 'rows', /0/],
    ['a limit of 0', { ...REFERENCE, distance: { limit: 0 } }, 'distance.limit', /0/],
    ['an unknown timeframe', { ...REFERENCE, timeframes: { '7m': whole } }, 'timeframes', /7m/],
  ])('is refused with %s, naming the place', (_, raw, place, message) => {
    const issues = referenceSchema.safeParse(raw).error!.issues;
    expect(issues.map(({ path }) => path.join('.'))).toContain(place);
    expect(issues.map((issue) => issue.message).join()).toMatch(message);
  });

  it('is refused where it does not count what the model reads and answers, each place named', () => {
    const reference = referenceSchema.parse(REFERENCE);
    expect(referenceFaults({ features: [{ std: 1 }], output: { shape: [null, 2] }, reference })).toEqual([
      'reference.features has 2 spreads for 1 features',
      'reference.outputs has 3 spreads for 2 columns',
      'reference.timeframes.5m.features has 2 spreads for 1 features',
      'reference.timeframes.5m.outputs has 3 spreads for 2 columns',
    ]);
  });

  it('is refused where no feature has a standard deviation: nothing could ever be far out', () => {
    const reference = referenceSchema.parse(REFERENCE);
    expect(referenceFaults({ features: [{ std: 0 }, { std: 0 }], output: OUTPUT, reference })[0]).toMatch(
      /distance\.limit/,
    );
  });
});
