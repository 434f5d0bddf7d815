import { describe, expect, it } from 'vitest';
import { columnsOf } from '../series/columns.js';
import type { FeedHandlers } from './market.feed.js';
import { ReplayClock } from './replay.clock.js';
import { ReplayFeed } from './replay.feed.js';

const M = 60_000;
const START = Date.UTC(2026, 0, 1);
const row = (minute: number) => ({ openTime: START + minute * M, open: 1, high: 2, low: 1, close: 2, volume: minute });
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

async function replay() {
  const clock = new ReplayClock();
  const columns = [
    columnsOf('BTC/USDT', '1m', range(13).map(row)),
    columnsOf(
      'ETH/USDT',
      '1m',
      range(13)
        .filter((minute) => minute !== 11)
        .map(row),
    ),
  ];
  const feed = new ReplayFeed({ columns, instruments: [], warmUp: 10 }, clock);
  const told: string[] = [];
  const handlers: FeedHandlers = {
    kline: ({ symbol, openTime, closed }) =>
      told.push(`${symbol} ${(openTime - START) / M} ${closed ? 'closed' : 'forming'}`),
    connected: () => told.push('connected'),
    disconnected: () => told.push('disconnected'),
    malformed: () => told.push('malformed'),
  };
  await feed.open(['BTC/USDT', 'ETH/USDT'], handlers);
  const settled = () => Promise.resolve(void told.push(`settled at ${(clock.now() - START) / M}`));
  return { clock, feed, told, settled };
}

describe('a recording, replayed', () => {
  it('plays each minute in order, gives up what is missing, and waits between minutes', async () => {
    const { feed, told, settled } = await replay();
    expect(await feed.play(settled)).toBe(3);
    expect(told).toEqual([
      'connected',
      'BTC/USDT 10 closed',
      'ETH/USDT 10 closed',
      'ETH/USDT 11 forming',
      'settled at 11',
      'BTC/USDT 11 closed',
      'BTC/USDT 12 forming',
      'settled at 12',
      'BTC/USDT 12 closed',
      'ETH/USDT 12 closed',
      'ETH/USDT 13 forming',
      'settled at 13',
    ]);
  });

  it('stops where told and goes on from there', async () => {
    const { feed, settled, clock } = await replay();
    expect(await feed.play(settled, START + 12 * M)).toBe(2);
    expect(clock.now()).toBe(START + 12 * M);
    expect(await feed.play(settled)).toBe(1);
  });

  it('answers history from what is past by its own clock', async () => {
    const { feed, settled } = await replay();
    const open = async (...query: Parameters<ReplayFeed['klines']>) =>
      Array.from((await feed.klines(...query)).openTime, (time) => (time - START) / M);
    expect(await open('BTC/USDT', '1m', 3)).toEqual([7, 8, 9]);
    expect(await open('BTC/USDT', '1m', 2, START + 4 * M)).toEqual([4, 5]);
    expect(await open('BTC/USDT', '5m', 500)).toEqual([0, 5]);
    await feed.play(settled);
    expect(await open('ETH/USDT', '1m', 4)).toEqual([8, 9, 10, 12]);
  });
});
