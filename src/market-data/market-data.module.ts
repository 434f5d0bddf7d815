import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { RetentionJob } from '../platform/retention.job.js';
import { ClockJob } from './clock.job.js';
import { EXCHANGE_FEED_DEFAULTS, ExchangeFeed } from './feeds/exchange.feed.js';
import { MarketFeed } from './feeds/market.feed.js';
import { IntervalJob } from './interval.job.js';
import { MarketDataController } from './market-data.controller.js';
import { MarketDataService } from './market-data.service.js';
import { CandleWriter } from './storage/candle-writer.service.js';
import { CandleRepository } from './storage/candle.repository.js';

/** Wall time, ms, by which a clock that follows a simulator beside us may be off: far more than half a round trip. */
const LOOPBACK_MARGIN_MS = 10;

@Module({
  imports: [ScheduleModule.forRoot()],
  controllers: [MarketDataController],
  providers: [
    {
      provide: MarketFeed,
      inject: [Settings, Clock],
      // The simulator speaks the same protocol as the real exchange: the same feed reads both, only the address differs.
      useFactory: ({ exchange }: Settings, clock: Clock) =>
        new ExchangeFeed(exchange, clock, {
          clockMarginMs: Math.max(EXCHANGE_FEED_DEFAULTS.clockMarginMs, LOOPBACK_MARGIN_MS * exchange.speed),
        }),
    },
    CandleRepository,
    CandleWriter,
    IntervalJob,
    ClockJob,
    MarketDataService,
  ],
  exports: [MarketDataService],
})
export class MarketDataModule {
  constructor(retention: RetentionJob, candles: CandleRepository, { config }: Settings) {
    // Longer candles are few and stay.
    retention.prune('1m candles', (before, limit) => candles.deleteMinutesBefore(config.EXCHANGE, before, limit));
  }
}
