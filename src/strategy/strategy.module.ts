import { Module } from '@nestjs/common';
import { SignalController } from './signal.controller.js';
import { SignalRepository } from './signal.repository.js';
import { StrategyService } from './strategy.service.js';

@Module({
  providers: [StrategyService, SignalRepository],
  controllers: [SignalController],
  exports: [StrategyService, SignalRepository],
})
export class StrategyModule {}
