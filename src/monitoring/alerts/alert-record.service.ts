import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Alert } from '../../domain/alert.js';
import { Clock } from '../../platform/clock.js';
import { AlertRepository } from './alert.repository.js';

/** What is said of an alert whose process could not clear it: whether it would stand today nobody knows yet. */
const LEFT_OPEN = 'the process that raised it ended; what stands today is raised anew';

/** Keeps alerts on record. At the start those that an earlier process left open are closed. */
@Injectable()
export class AlertRecord implements OnModuleInit {
  constructor(
    private readonly alerts: AlertRepository,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.alerts.closeLeftOpen(this.clock.wallNow(), LEFT_OPEN);
  }

  async keep(alert: Alert): Promise<void> {
    await this.alerts.save(alert, this.clock.now());
  }
}
