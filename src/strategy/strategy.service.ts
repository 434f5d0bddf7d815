import { Injectable } from '@nestjs/common';
import type { PredictionBatch } from '../domain/prediction.js';
import type { Signal } from '../domain/signal.js';
import { durationOf } from '../domain/timeframe.js';
import { Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { Outlet } from '../platform/outlet.js';
import { lastOf } from './cooldown.js';
import { decide, NOTHING, STRATEGY, type Memory } from './decide.js';
import { REJECTIONS, type Policy, type Rejection } from './policy.js';
import { SignalRepository } from './signal.repository.js';

/** What became of one batch. */
export interface Decision {
  readonly batch: PredictionBatch;
  readonly signals: readonly Signal[];
}

export interface StrategyStatus {
  readonly strategy: string;
  readonly policy: Policy;
  /** Since the process began. */
  readonly signals: number;
  /** Rows that became no signal, by reason, since the process began. */
  readonly rejections: Readonly<Record<Rejection, number>>;
}

/** Turns predictions into signals: remembers, decides, hands on; saves beside the path. */
@Injectable()
export class StrategyService {
  readonly decisions = new Outlet<Decision>('strategy.decisions');
  readonly #policy: Policy;
  readonly #rejections = Object.fromEntries(REJECTIONS.map((code) => [code, 0])) as Record<Rejection, number>;
  #memory: Memory = NOTHING;
  #signals = 0;

  constructor(
    settings: Settings,
    private readonly repository: SignalRepository,
    private readonly clock: Clock,
  ) {
    const { config } = settings;
    this.#policy = {
      minConfidence: config.MIN_CONFIDENCE,
      minEdge: config.MIN_EDGE,
      minAgreement: config.MIN_AGREEMENT,
      cooldownCandles: config.COOLDOWN_CANDLES,
      stopLossAtr: config.STOP_LOSS_ATR,
      takeProfitAtr: config.TAKE_PROFIT_ATR,
    };
  }

  /** Stamps `decided` on every run of the batch, and emits one decision, with or without signals. */
  async decide(batch: PredictionBatch): Promise<void> {
    if (!this.#memory.last.has(batch.timeframe)) await this.#remember(batch);
    const { signals, rejections, memory } = decide(batch, this.#policy, this.#memory);
    this.#memory = memory;
    const decided = this.clock.wallNow();
    for (const run of batch.runs) run.moments.decided = decided;
    this.#signals += signals.length;
    for (const [code, count] of rejections) this.#rejections[code] += count;
    await this.decisions.emit({ batch, signals });
  }

  /** Saves the signals that are not on record yet. */
  async record(signals: readonly Signal[]): Promise<void> {
    await this.repository.insertAll(signals);
  }

  status(): StrategyStatus {
    return {
      strategy: STRATEGY,
      policy: this.#policy,
      signals: this.#signals,
      rejections: { ...this.#rejections },
    };
  }

  /**
   * The first interval of a timeframe takes the cooldown from the signals on record, as of its own candle: a restart
   * doubles no signal, and a replay of an earlier day is not silenced by what came after it.
   */
  async #remember({ timeframe, openTime, symbols }: PredictionBatch): Promise<void> {
    const from = openTime - this.#policy.cooldownCandles * durationOf(timeframe);
    const past = await this.repository.lastOfEach(timeframe, STRATEGY, from, openTime);
    if (this.#memory.last.has(timeframe)) return;
    this.#memory = { ...this.#memory, last: new Map(this.#memory.last).set(timeframe, lastOf(symbols, past)) };
  }
}
