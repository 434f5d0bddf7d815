import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { register } from 'prom-client';
import { DataSource } from 'typeorm';
import { Clock } from './clock.js';
import { Settings } from './config/settings.js';
import { Database } from './database/database.service.js';
import { ExchangeClock } from './exchange.clock.js';
import { ApiKeyGuard } from './http/api-key.guard.js';
import { ApiKeyRepository } from './http/api-key.repository.js';
import { ApiKeys } from './http/api-key.service.js';
import { TicketController } from './http/ticket.controller.js';
import { TicketService } from './http/ticket.service.js';
import { PrometheusController } from './prometheus.controller.js';
import { metricProviders } from './prometheus.metrics.js';
import { RetentionJob } from './retention.job.js';

/** What every module may ask for: settings, database, clock, metrics. The caller owns the connection and closes it. */
@Module({})
export class PlatformModule {
  static with(settings: Settings, dataSource: DataSource): DynamicModule {
    register.clear(); // one registry a process: an application made after another (tests) begins from nothing
    const metrics = PrometheusModule.register({ controller: PrometheusController, path: 'metrics' });
    const shared = [
      { provide: Settings, useValue: settings },
      { provide: DataSource, useValue: dataSource },
      { provide: ExchangeClock, useValue: new ExchangeClock(settings.exchange.speed) },
      { provide: Clock, useExisting: ExchangeClock },
      Database,
      ApiKeys,
      TicketService,
      RetentionJob,
      ...metricProviders,
    ];
    return {
      module: PlatformModule,
      global: true,
      imports: [metrics],
      controllers: [TicketController],
      providers: [...shared, ApiKeyRepository, { provide: APP_GUARD, useClass: ApiKeyGuard }],
      exports: shared,
    };
  }
}
