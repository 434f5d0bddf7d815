import { Module } from '@nestjs/common';
import { StrategyModule } from '../strategy/strategy.module.js';
import { SignalFeed } from './signal.feed.js';
import { SignalGateway } from './signal.gateway.js';

@Module({
  imports: [StrategyModule],
  providers: [SignalFeed, SignalGateway],
  exports: [SignalFeed],
})
export class FeedModule {}
