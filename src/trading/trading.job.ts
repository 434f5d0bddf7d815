import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Settings } from '../platform/config/settings.js';
import { TradingService } from './trading.service.js';

const NAME = 'trading-loop';

/** The trading loop: a turn every UPDATE_INTERVAL seconds of wall time. A turn that is still at work is not overtaken. */
@Injectable()
export class TradingJob implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('TradingLoop');
  #atWork = false;

  constructor(
    private readonly settings: Settings,
    private readonly scheduler: SchedulerRegistry,
    private readonly trading: TradingService,
  ) {}

  onApplicationBootstrap(): void {
    const every = this.settings.config.UPDATE_INTERVAL * 1000;
    this.scheduler.addInterval(
      NAME,
      setInterval(() => void this.turn(), every),
    );
  }

  onModuleDestroy(): void {
    if (this.scheduler.doesExist('interval', NAME)) this.scheduler.deleteInterval(NAME);
  }

  /** @returns false when the turn before is still at work */
  async turn(): Promise<boolean> {
    if (this.#atWork) return false;
    this.#atWork = true;
    try {
      await this.trading.tick();
    } catch (error) {
      this.#logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      this.#atWork = false;
    }
    return true;
  }
}
