import { setImmediate as turn } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Clock } from './clock.js';
import { Settings } from './config/settings.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CHUNK_ROWS = 500;

/**
 * Deletes the oldest rows of one kind.
 * @param before exchange time, UTC ms: younger rows stay
 * @param limit rows at most, so that no statement holds its locks for long
 * @returns rows deleted
 */
export type DeleteOldest = (before: number, limit: number) => Promise<number>;

/**
 * Deletes what is older than RETENTION_DAYS of exchange time, hourly and beside the path, of every kind of row that a
 * module named. What nobody named stays for ever.
 */
@Injectable()
export class RetentionJob implements OnModuleDestroy {
  readonly #logger = new Logger(RetentionJob.name);
  readonly #kinds = new Map<string, DeleteOldest>();
  #sweeping = false;
  #stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly settings: Settings,
  ) {}

  /** @param kind of rows, as a log line names them */
  prune(kind: string, deleteOldest: DeleteOldest): void {
    this.#kinds.set(kind, deleteOldest);
  }

  onModuleDestroy(): void {
    this.#stopped = true;
  }

  @Interval('retention', HOUR)
  async tick(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      for (const [kind, deleted] of await this.sweep()) {
        if (deleted > 0) this.#logger.log(`${deleted} ${kind} passed RETENTION_DAYS and were deleted`);
      }
    } catch (error) {
      this.#logger.warn(`retention: ${error instanceof Error ? error.message : String(error)}; tried again in an hour`);
    } finally {
      this.#sweeping = false;
    }
  }

  /** @returns rows deleted of each kind; in chunks, with a turn for everything else between them */
  async sweep(): Promise<ReadonlyMap<string, number>> {
    const before = this.clock.now() - this.settings.config.RETENTION_DAYS * DAY;
    const deleted = new Map<string, number>();
    for (const [kind, deleteOldest] of this.#kinds) {
      for (let chunk = CHUNK_ROWS; chunk === CHUNK_ROWS && !this.#stopped; await turn()) {
        chunk = await deleteOldest(before, CHUNK_ROWS);
        deleted.set(kind, (deleted.get(kind) ?? 0) + chunk);
      }
    }
    return deleted;
  }
}
