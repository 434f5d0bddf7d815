import { setImmediate as turn } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Clock } from '../../platform/clock.js';
import { Settings } from '../../platform/config/settings.js';
import { CandleRepository } from './candle.repository.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CHUNK_ROWS = 2000;

/** Deletes 1m candles that are older than RETENTION_DAYS of exchange time, hourly. Longer candles are few and stay. */
@Injectable()
export class RetentionJob {
  readonly #logger = new Logger(RetentionJob.name);
  #sweeping = false;

  constructor(
    private readonly repository: CandleRepository,
    private readonly clock: Clock,
    private readonly settings: Settings,
  ) {}

  @Interval('candle-retention', HOUR)
  async tick(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      const deleted = await this.sweep();
      if (deleted > 0) this.#logger.log(`${deleted} 1m candles passed RETENTION_DAYS and were deleted`);
    } catch (error) {
      this.#logger.warn(`retention: ${error instanceof Error ? error.message : String(error)}; tried again in an hour`);
    } finally {
      this.#sweeping = false;
    }
  }

  /** @returns rows deleted, in chunks, with a turn for everything else between them */
  async sweep(): Promise<number> {
    const { EXCHANGE, RETENTION_DAYS } = this.settings.config;
    const before = this.clock.now() - RETENTION_DAYS * DAY;
    for (let total = 0; ;) {
      const deleted = await this.repository.deleteMinutesBefore(EXCHANGE, before, CHUNK_ROWS);
      total += deleted;
      if (deleted < CHUNK_ROWS) return total;
      await turn();
    }
  }
}
