import { afterAll, beforeAll, expect, it } from 'vitest';
import { CandleBatch } from '../../src/market-data/storage/candle-batch.js';
import { CandleRepository } from '../../src/market-data/storage/candle.repository.js';
import { StoredMarketRepository } from '../../src/market-data/storage/stored-market.repository.js';
import { StartError } from '../../src/platform/start-error.js';
import { freshDatabase } from '../builders/postgres.js';
import { flatAt, MINUTE, T0 } from '../builders/trading.js';

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.close());

it('a database holds one market: the exchange it has no candles of is refused, saying what to do', async () => {
  const stored = new StoredMarketRepository(fresh.database);
  const data = { where: '/home/of/it', instead: 'ALPHAPULSE_HOME' };
  await stored.requireOnly('binance', data);
  expect(await stored.newestClose()).toBeUndefined();

  const batch = new CandleBatch();
  batch.add(flatAt(0, 100));
  await new CandleRepository(fresh.database).saveAll('simulator', batch);
  expect(await stored.newestClose()).toBe(T0 + MINUTE);
  await stored.requireOnly('simulator', data);
  const refused = stored.requireOnly('binance', data);
  await expect(refused).rejects.toThrow(StartError);
  await expect(refused).rejects.toThrow(
    'The data in /home/of/it are of EXCHANGE=simulator, and EXCHANGE=binance is asked for. Two markets do not mix: ' +
      'set EXCHANGE back, or set ALPHAPULSE_HOME to another one for this market.',
  );

  await new CandleRepository(fresh.database).saveAll('binance', batch);
  await expect(stored.requireOnly('simulator', data)).rejects.toThrow('EXCHANGE=binance and simulator');
});
