import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { InferenceMonitor } from './inference-monitor.service.js';

const SECOND = 1_000;

/** When the monitor looks: alerts every second, gauges every five, the history every minute and at the end. */
@Injectable()
export class InferenceMonitorJob implements OnModuleDestroy {
  readonly #logger = new Logger('InferenceMonitor');

  constructor(private readonly monitor: InferenceMonitor) {}

  @Interval('inference-alerts', SECOND)
  async evaluate(): Promise<void> {
    await this.monitor.evaluate();
  }

  @Interval('inference-gauges', 5 * SECOND)
  async show(): Promise<void> {
    await this.monitor.show();
  }

  @Interval('inference-history', 60 * SECOND)
  async save(): Promise<void> {
    try {
      await this.monitor.save();
    } catch (error) {
      this.#logger.warn(
        `a minute of latencies was not saved: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.save();
  }
}
