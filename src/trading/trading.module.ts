import { Module } from '@nestjs/common';
import { RetentionJob } from '../platform/retention.job.js';
import { IntentRepository } from './intent.repository.js';
import { LedgerRepository } from './ledger.repository.js';
import { OrderDesk } from './order-desk.service.js';
import { OrdersController } from './orders.controller.js';
import { TradingReadRepository } from './trading-read.repository.js';
import { TradingStateRepository } from './trading-state.repository.js';
import { TradingController } from './trading.controller.js';
import { TradingJob } from './trading.job.js';
import { TradingService } from './trading.service.js';
import { PaperVenue } from './venues/paper.venue.js';
import { Venue } from './venues/venue.port.js';

@Module({
  controllers: [OrdersController, TradingController],
  providers: [
    TradingService,
    OrderDesk,
    IntentRepository,
    LedgerRepository,
    TradingStateRepository,
    TradingReadRepository,
    TradingJob,
    { provide: Venue, useClass: PaperVenue },
  ],
  exports: [TradingService],
})
export class TradingModule {
  constructor(retention: RetentionJob, state: TradingStateRepository) {
    // Orders, fills and positions are the truth, and stay for ever.
    retention.prune('points of the equity curve', (before, limit) => state.deleteSnapshotsBefore(before, limit));
  }
}
