import { Injectable, Logger } from '@nestjs/common';
import type { PredictionBatch } from '../domain/prediction.js';
import type { Signal } from '../domain/signal.js';
import { latencyLine, signalLine } from './signal-line.js';

/** Tells the terminal of each published signal, and what the stages of its interval took. */
@Injectable()
export class SignalLog {
  readonly #logger = new Logger('Signal');

  published(batch: PredictionBatch, signals: readonly Signal[]): void {
    if (signals.length === 0) return;
    const latency = latencyLine(batch);
    for (const signal of signals) this.#logger.log(`${signalLine(signal)} (${latency})`);
  }
}
