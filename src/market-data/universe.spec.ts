import { expect, it } from 'vitest';
import type { Instrument } from '../domain/instrument.js';
import { money, price, quantity } from '../domain/money.js';
import type { Pair } from '../domain/pair.js';
import { resolveUniverse } from './universe.js';

const instrument = (symbol: Pair): Instrument => ({
  symbol,
  tickSize: price('0.01'),
  stepSize: quantity('0.01'),
  minQuantity: quantity('0.01'),
  minNotional: money('5'),
});
const listed = (['ETH/BTC', 'BTC/USDT', 'ETH/USDT', 'BNB/USDT'] as const).map(instrument);

it.each<[string, number | readonly Pair[], object]>([
  ['a count takes the first USDT pairs', 2, { instruments: [listed[1], listed[2]] }],
  ['a count above what is listed takes them all', 99, { instruments: listed.slice(1) }],
  ['a list is taken in its own order', ['BNB/USDT', 'ETH/BTC'], { instruments: [listed[3], listed[0]] }],
  [
    'pairs that do not trade are named, all of them',
    ['XXX/USDT', 'BTC/USDT', 'YYY/USDT'],
    { unknown: ['XXX/USDT', 'YYY/USDT'] },
  ],
])('%s', (_, wanted, expected) => {
  expect(resolveUniverse(wanted, listed)).toEqual(
    'unknown' in expected ? expected : { ...expected, followed: [], gone: [] },
  );
});

it('symbols of which something is open are followed beside those asked for, as far as they trade', () => {
  const held: Pair[] = ['BTC/USDT', 'BNB/USDT', 'GONE/USDT'];
  expect(resolveUniverse(2, listed, held)).toEqual({
    instruments: [listed[1], listed[2]],
    followed: [listed[3]],
    gone: ['GONE/USDT'],
  });
  expect(resolveUniverse(['ETH/BTC'], listed, held)).toEqual({
    instruments: [listed[0]],
    followed: [listed[1], listed[3]],
    gone: ['GONE/USDT'],
  });
  // Asked for by name, it is not taken for a slip of the pen: the stops of all else would not be watched.
  expect(resolveUniverse(['GONE/USDT', 'BNB/USDT'], listed, ['GONE/USDT'])).toEqual({
    instruments: [listed[3]],
    followed: [],
    gone: ['GONE/USDT'],
  });
});
