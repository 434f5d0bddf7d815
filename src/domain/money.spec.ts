import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compare,
  divide,
  floorTo,
  format,
  fromNumber,
  money,
  NotExact,
  notional,
  parseExact,
  price,
  quantity,
  quantityFor,
  ratio,
  roundTo,
  scale,
  type Money,
  type Price,
  type Quantity,
} from './money.js';

const exact = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
const positive = fc.bigInt({ min: 1n, max: 10n ** 18n });

describe('reading and writing decimals', () => {
  it.each([
    ['0', 0n, '0'],
    ['1', 100_000_000n, '1'],
    ['0.00000001', 1n, '0.00000001'],
    ['-12.50', -1_250_000_000n, '-12.5'],
    ['+3.1', 310_000_000n, '3.1'],
    ['0.0100000000000', 1_000_000n, '0.01'],
    ['00012', 1_200_000_000n, '12'],
    ['-0.00000001', -1n, '-0.00000001'],
  ])('%s is %s, written %s', (text, value, written) => {
    expect(parseExact(text)).toBe(value);
    expect(format(value)).toBe(written);
  });

  it.each(['', '.', '1.', '.5', '1e3', 'NaN', '1,5', '0x1', '1.123456789', '--1', '١'])('refuses "%s"', (text) => {
    expect(() => parseExact(text)).toThrow(NotExact);
  });

  it('reads back what it wrote', () => {
    fc.assert(fc.property(exact, (value) => parseExact(format(value)) === value));
  });
});

describe('from a float', () => {
  it.each([
    [100.01, 'floor', 1n, '100.01'],
    [100.01, 'ceil', 1n, '100.01'],
    [0.1 + 0.2, 'nearest', 1n, '0.3'],
    [0.1 + 0.2, 'ceil', 1n, '0.30000001'],
    [1.005, 'nearest', 1_000_000n, '1.01'],
    [-1.005, 'nearest', 1_000_000n, '-1.01'],
    [-1.005, 'floor', 1_000_000n, '-1.01'],
    [-1.005, 'ceil', 1_000_000n, '-1'],
    [5e-9, 'nearest', 1n, '0.00000001'],
    [1e-20, 'ceil', 1n, '0.00000001'],
    [1.5e21, 'floor', 1n, '1500000000000000000000'],
    [63_512.37, 'floor', 10_000_000n, '63512.3'],
  ] as const)('%d, %s to steps of %s, is %s', (value, rounding, step, text) => {
    expect(format(fromNumber<Price>(value, rounding, step))).toBe(text);
  });

  it.each([NaN, Infinity, -Infinity])('refuses %d', (value) => {
    expect(() => fromNumber(value, 'nearest')).toThrow(NotExact);
  });

  it('floor ≤ nearest ≤ ceil, at most one step apart, all on the grid', () => {
    const float = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 });
    fc.assert(
      fc.property(float, fc.bigInt({ min: 1n, max: 10n ** 10n }), (value, step) => {
        const [floor, nearest, ceil] = (['floor', 'nearest', 'ceil'] as const).map((r) =>
          fromNumber<Price>(value, r, step),
        );
        expect(floor! <= nearest! && nearest! <= ceil! && ceil! - floor! <= step).toBe(true);
        for (const rounded of [floor!, nearest!, ceil!]) expect(rounded % step).toBe(0n);
      }),
    );
  });
});

describe('arithmetic', () => {
  it.each([
    ['63512.37', '0.00123', '78.1202151'],
    ['0.00000001', '0.00000001', '0'],
    ['3', '0.33333333', '0.99999999'],
  ])('%s × %s is %s, rounded down', (p, q, text) => {
    expect(format(notional(price(p), quantity(q), 'floor'))).toBe(text);
  });

  it('rounding up and down enclose the product within one unit', () => {
    fc.assert(
      fc.property(positive, positive, (p, q) => {
        const down = notional(p as Price, q as Quantity, 'floor');
        const up = notional(p as Price, q as Quantity, 'ceil');
        expect(down * 10n ** 8n <= p * q && p * q <= up * 10n ** 8n && up - down <= 1n).toBe(true);
      }),
    );
  });

  it('what an amount buys never costs more than the amount', () => {
    fc.assert(
      fc.property(positive, positive, (amount, p) => {
        const bought = quantityFor(amount as Money, p as Price, 'floor');
        expect(notional(p as Price, bought, 'ceil') <= amount).toBe(true);
      }),
    );
  });

  it('a step floor lies on the grid, at most one step below', () => {
    fc.assert(
      fc.property(exact, positive, (value, step) => {
        const floored = floorTo(value as Money, step);
        expect(floored % step === 0n && floored <= value && value - floored < step).toBe(true);
      }),
    );
  });

  it('divides alike whatever the signs', () => {
    fc.assert(
      fc.property(exact, positive, (n, d) => {
        expect(divide(-n, -d, 'floor')).toBe(divide(n, d, 'floor'));
        expect(divide(-n, d, 'floor')).toBe(-divide(n, d, 'ceil'));
        expect(divide(-n, d, 'nearest')).toBe(-divide(n, d, 'nearest'));
      }),
    );
  });

  it('takes shares, and compares', () => {
    expect(format(scale(money('100000'), ratio('0.01'), 'floor'))).toBe('1000');
    expect(roundTo(money('1.5'), 0n, 'floor')).toBe(money('1.5'));
    expect([compare(1n, 2n), compare(2n, 2n), compare(3n, 2n)]).toEqual([-1, 0, 1]);
  });
});
