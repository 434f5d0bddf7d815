import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { AdHocService } from '../src/batch-inference/ad-hoc/ad-hoc.service.js';
import { BatchInferenceService } from '../src/batch-inference/batch-inference.service.js';
import { RunRepository } from '../src/batch-inference/runs/run.repository.js';
import { WorkerPool, type PoolStatus } from '../src/batch-inference/pool/worker-pool.service.js';
import type { Candle } from '../src/domain/candle.js';
import type { Interval } from '../src/domain/interval.js';
import type { ActiveModel } from '../src/domain/model.js';
import type { Pair } from '../src/domain/pair.js';
import type { PredictionBatch } from '../src/domain/prediction.js';
import { durationOf } from '../src/domain/timeframe.js';
import { load } from '../src/platform/config/load.js';
import { Settings } from '../src/platform/config/settings.js';
import { Database } from '../src/platform/database/database.service.js';
import { EmbeddedPostgres } from '../src/platform/database/embedded-postgres.service.js';
import { openDatabase } from '../src/platform/database/postgres.data-source.js';
import { ExchangeClock, wallNow } from '../src/platform/exchange.clock.js';
import { RandomWalk } from './random-walk.js';

/** The series of the bench: one timeframe, its next candle opens here. */
export const TIMEFRAME = '1m';
const BOUNDARY = Date.UTC(2026, 0, 1);
/** Candles before it: enough for every feature to be warm. */
export const HISTORY = 300;

/** @returns one walk a symbol, seeded, at the first candle of its history @param seed 0..6 */
export function walksOf(symbols: number, seed = 1): RandomWalk[] {
  const from = BOUNDARY - HISTORY * durationOf(TIMEFRAME);
  const symbolOf = (i: number): Pair => `C${i}/USDT`;
  return Array.from({ length: symbols }, (_, i) => new RandomWalk(symbolOf(i), TIMEFRAME, from, i * 7 + seed));
}

function settingsFor(databaseUrl: string): Settings {
  const loaded = load({ INFERENCE_TIMEOUT: '60' }); // a bench waits; the deadline has its own tests
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  const exchange = { restUrl: 'none:', wsUrl: 'none:', speed: 1 };
  const resolved = {
    databaseUrl,
    exchange,
    home: tmpdir(),
    modelsDir: resolve('models'),
    version: 'bench',
    startedAt: 0,
  };
  return new Settings(loaded.config, resolved);
}

/** Closed candles → predictions handed on: the service's own classes, one worker, all saved beside the path as in life. */
export class CandlePath {
  /** What asks beside the path. */
  readonly adHoc: AdHocService;
  readonly #inference: BatchInferenceService;
  #handedOn: PredictionBatch | undefined;
  #warmed = 0;

  private constructor(
    private readonly home: string,
    private readonly server: EmbeddedPostgres,
    private readonly dataSource: DataSource,
    private readonly pool = new WorkerPool({ workers: 1, timeoutMs: 60_000 }),
  ) {
    const runs = new RunRepository(new Database(dataSource));
    const [settings, clock] = [settingsFor(server.url), new ExchangeClock(1)];
    const inference = new BatchInferenceService(settings, clock, pool, runs);
    this.adHoc = new AdHocService(settings, clock, inference, pool);
    inference.predictions.to((batch) => void (this.#handedOn = batch));
    inference.predictions.tap(
      async (batch) => {
        await inference.record(batch);
        inference.stamp(batch, 'saved');
        await inference.complete(batch);
      },
      (error) => {
        throw error;
      },
    );
    this.#inference = inference;
  }

  static async start(): Promise<CandlePath> {
    const home = mkdtempSync(join(tmpdir(), 'alphapulse-bench-'));
    const server = await EmbeddedPostgres.start({ home });
    const path = new CandlePath(home, server, await openDatabase(server.url));
    await path.#inference.start();
    return path;
  }

  /** @throws when a model is not served */
  async adopt(models: readonly ActiveModel[]): Promise<void> {
    await this.#inference.adopt(models);
    const { refused } = this.#inference.status();
    if (refused.length > 0) throw new Error(JSON.stringify(refused));
  }

  /** @returns when the walks' histories are in; the walks stand at the candle after them */
  async warmUp(walks: readonly RandomWalk[]): Promise<void> {
    for (const walk of walks) {
      this.#inference.warmUp(walk.columns(HISTORY));
      this.#warmed += HISTORY;
      // No more lies in line than a few megabytes.
      while (this.#warmed - this.#inference.status().candlesAbsorbed > 100 * HISTORY) await sleep(1);
    }
    while (this.#inference.status().candlesAbsorbed < this.#warmed) await sleep(1);
  }

  /**
   * One candle of every symbol closes.
   * @returns what it took until the predictions were handed on, ms, and the predictions
   */
  async close(candles: readonly Candle[]): Promise<{ ms: number; batch: PredictionBatch }> {
    const symbols = candles.map(({ symbol }) => symbol);
    this.#warmed += candles.length;
    const began = wallNow();
    this.#inference.absorb(candles);
    const interval: Interval = {
      ...{ timeframe: TIMEFRAME, openTime: candles[0]!.openTime, symbols, absent: new Map() },
      ...{ exchangeClosedAt: began, receivedAt: began },
    };
    await this.#inference.run(interval);
    return { ms: wallNow() - began, batch: this.#handedOn! };
  }

  /** @returns when everything of the runs before is saved */
  saved(): Promise<void> {
    return this.#inference.predictions.idle();
  }

  workers(): PoolStatus {
    return this.pool.status();
  }

  /** @returns the answers in the database, of all symbols and models, and the runs that they are of */
  async inDatabase(): Promise<{ runs: number; answers: number }> {
    const counted = `select count(*)::int as runs, sum(answered)::int as answers
      from runs join predictions on predictions.run_id = runs.id`;
    const [row] = await this.dataSource.query<{ runs: number; answers: number }[]>(counted);
    return row!;
  }

  async stop(): Promise<void> {
    await this.#inference.stop();
    await this.dataSource.destroy();
    await this.server.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}
