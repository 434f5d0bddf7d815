import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decimal8 } from './decimal.js';

it.each([
  [6_733_55, 2, '6733.55000000'],
  [1, 8, '0.00000001'],
  [5, 0, '5.00000000'],
  [0, 3, '0.00000000'],
  [100_000_000, 8, '1.00000000'],
  [12_345_678_901_234, 7, '1234567.89012340'],
])('%d units of 10^-%d are %s', (units, decimals, text) => expect(decimal8(units, decimals)).toBe(text));

it('reads back as the number of units', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.nat(8), (units, decimals) => {
      expect(BigInt(decimal8(units, decimals).replace('.', ''))).toBe(BigInt(units) * 10n ** BigInt(8 - decimals));
    }),
  );
});
