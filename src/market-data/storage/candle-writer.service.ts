import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { Candle, CandleColumns } from '../../domain/candle.js';
import { Settings } from '../../platform/config/settings.js';
import { backoff } from '../../platform/backoff.js';
import { CandleBatch } from './candle-batch.js';
import { CandleRepository } from './candle.repository.js';

/** Rows a statement, about: more would hold the main thread for too long while the parameters are written. */
const BATCH_ROWS = 500;
/** Rows that may wait for a database that does not answer; beyond it the oldest are given up: the exchange has them too. */
const WAITING_ROWS = 300_000;
const RETRY = { baseMs: 200, maxMs: 10_000 };

/** Saves candles beside the path: what comes while a statement is under way goes into the next one. */
@Injectable()
export class CandleWriter {
  readonly #logger = new Logger(CandleWriter.name);
  readonly #exchange: string;
  #waiting: CandleBatch[] = [];
  #writing: Promise<void> | undefined;
  #held = false;
  readonly #stopping = new AbortController();
  #lost = 0;

  constructor(
    private readonly repository: CandleRepository,
    settings: Settings,
  ) {
    this.#exchange = settings.config.EXCHANGE;
  }

  /** Rows not saved and given up, since the start. */
  get lost(): number {
    return this.#lost;
  }

  /** Keeps what is added until `release`: during the warm-up the processor has better to do. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#start();
  }

  add(candles: readonly Candle[]): void {
    for (const candle of candles) this.#open(false).add(candle);
    this.#start();
  }

  /** @param columns fetched by REST */
  addColumns(columns: CandleColumns): void {
    if (columns.openTime.length === 0) return;
    this.#open(true).addColumns(columns, 'rest');
    this.#start();
  }

  /** Resolves when all that was added is saved. */
  async idle(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /**
   * Saves the candles that closed since the start, with one try each: a database that is gone does not hold up a shutdown.
   * Fetched history that waits is left out and counted, a warm-up's is a hundred thousand rows: the exchange tells it again.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const left = this.#waiting.filter(({ fetched }) => fetched).reduce((sum, { size }) => sum + size, 0);
    this.#waiting = this.#waiting.filter(({ fetched }) => !fetched);
    this.#lost += left;
    if (left > 0) this.#logger.log(`${left} candles of fetched history were not saved yet: the exchange has them`);
    this.release();
    await this.idle();
  }

  #open(fetched: boolean): CandleBatch {
    const last = this.#waiting.at(-1);
    if (last && last.fetched === fetched && last.size < BATCH_ROWS) return last;
    const batch = new CandleBatch(fetched);
    this.#waiting.push(batch);
    if (this.#waiting.length > WAITING_ROWS / BATCH_ROWS)
      this.#giveUp(this.#waiting.shift()!, 'the database is too slow');
    return batch;
  }

  #start(): void {
    if (this.#held) return;
    this.#writing ??= this.#drain().finally(() => (this.#writing = undefined));
  }

  async #drain(): Promise<void> {
    // One turn first: candles that are added in the same turn share a statement.
    await Promise.resolve();
    for (let batch = this.#waiting.shift(); batch; batch = this.#waiting.shift()) await this.#write(batch);
  }

  async #write(batch: CandleBatch): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.repository.saveAll(this.#exchange, batch);
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (this.#stopping.signal.aborted) return this.#giveUp(batch, reason);
        if (attempt === 0) this.#logger.warn(`${batch.size} candles wait to be saved: ${reason}`);
        const wait = backoff(attempt, Math.random(), RETRY);
        await sleep(wait, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  #giveUp(batch: CandleBatch, reason: string): void {
    this.#lost += batch.size;
    this.#logger.error(`${batch.size} candles were not saved: ${reason}`);
  }
}
