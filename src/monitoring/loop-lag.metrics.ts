import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;

/** How late the main loop is, beyond the timer that measures it. ms */
export interface LoopLag {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Watches the main loop: what `take` returns is the lag since the last `take`. */
@Injectable()
export class LoopLagMonitor implements OnModuleInit, OnModuleDestroy {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #last: LoopLag = { p50: 0, p99: 0, max: 0 };

  onModuleInit(): void {
    this.#histogram.enable();
  }

  onModuleDestroy(): void {
    this.#histogram.disable();
  }

  /** The lag in the last interval that was taken. */
  get last(): LoopLag {
    return this.#last;
  }

  take(): LoopLag {
    const lag = (ns: number) => Math.max(0, ns / 1e6 - RESOLUTION_MS);
    if (this.#histogram.count > 0) {
      const histogram = this.#histogram;
      this.#last = { p50: lag(histogram.percentile(50)), p99: lag(histogram.percentile(99)), max: lag(histogram.max) };
    }
    this.#histogram.reset();
    return this.#last;
  }
}
