import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyRules, TINY } from '../../../engines/trees/columns.js';
import { ColumnsAsked, MISSING } from './columns-asked.js';

interface Node {
  readonly threshold: number;
  readonly missing: number;
  readonly defaultLeft: boolean;
}

/** LightGBM's own decision at a numerical node, of a number after the flush. */
function nativeGoesLeft({ threshold, missing, defaultLeft }: Node, x: number): boolean {
  const value = Number.isNaN(x) && missing !== MISSING.NAN ? 0 : x;
  const isMissing = missing === MISSING.ZERO ? value === 0 : missing === MISSING.NAN && Number.isNaN(value);
  return isMissing ? defaultLeft : value <= threshold;
}

const node = fc.record({
  threshold: fc.oneof(fc.constantFrom(0, -0, 1, -1, TINY, -TINY, Infinity, -Infinity), fc.double({ noNaN: true })),
  missing: fc.constantFrom(...Object.values(MISSING)),
  defaultLeft: fc.boolean(),
});
const value = fc.oneof(fc.constantFrom(0, -0, NaN, TINY, -TINY, 2 * TINY, Infinity, -Infinity), fc.double());

describe('one column, asked by nodes of any missing types', () => {
  it('every number goes where LightGBM sends it, or the column is refused', () => {
    let carried = 0;
    fc.assert(
      fc.property(
        fc.array(node, { minLength: 1, maxLength: 4 }),
        fc.array(value, { minLength: 1 }),
        (nodes, values) => {
          const asked = new ColumnsAsked(1);
          const missingLeft = nodes.map((n) => asked.number(0, n.threshold, n.missing, n.defaultLeft));
          let rules;
          try {
            rules = asked.rules(['column']);
          } catch {
            const types = new Set(nodes.map((n) => n.missing));
            return types.has(MISSING.ZERO) && types.has(MISSING.NAN);
          }
          carried += 1;
          return values.every((x) => {
            const row = Float64Array.of(x);
            applyRules(rules, 'float64', row);
            const flushed = Math.abs(x) <= TINY ? 0 : x;
            return nodes.every((n, i) => {
              const goesLeft = Number.isNaN(row[0]) ? missingLeft[i] : row[0] <= n.threshold;
              return goesLeft === nativeGoesLeft(n, flushed);
            });
          });
        },
      ),
      { numRuns: 5_000, seed: 7 },
    );
    expect(carried).toBeGreaterThan(2_500);
  });
});

const LEFT = true;
const RIGHT = false;
type Asked = [missing: keyof typeof MISSING, threshold: number, defaultLeft: boolean][];

describe('the rule of a column', () => {
  it.each<[what: string, nodes: Asked, rule: 'none' | 'zero is missing' | 'refused']>([
    ['None asks for nothing', [['NONE', 1, RIGHT]], 'none'],
    ['NaN asks for nothing', [['NAN', 1, RIGHT]], 'none'],
    ['Zero, where the default side is not that of 0', [['ZERO', 1, RIGHT]], 'zero is missing'],
    ['Zero, where both are one side', [['ZERO', 1, LEFT]], 'none'],
    [
      'Zero and None',
      [
        ['ZERO', 1, RIGHT],
        ['NONE', 1, RIGHT],
      ],
      'zero is missing',
    ],
    [
      'Zero and NaN, where NaN and 0 go one way',
      [
        ['ZERO', 1, RIGHT],
        ['NAN', 1, LEFT],
      ],
      'zero is missing',
    ],
    [
      'Zero and NaN, where they part',
      [
        ['ZERO', 1, RIGHT],
        ['NAN', -1, LEFT],
      ],
      'refused',
    ],
  ])('%s', (_, nodes, rule) => {
    const asked = new ColumnsAsked(1);
    for (const [missing, threshold, defaultLeft] of nodes) asked.number(0, threshold, MISSING[missing], defaultLeft);
    const rules = () => asked.rules(['column']).zeroIsMissing;
    if (rule === 'refused') expect(rules).toThrow('column column: zero is missing in some nodes only');
    else expect(rules()).toEqual(rule === 'none' ? [] : [0]);
  });
});
