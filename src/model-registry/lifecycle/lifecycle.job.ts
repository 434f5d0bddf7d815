import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { ModelRegistryService } from '../model-registry.service.js';

/** Follows what is done to models on the command line while the service runs. */
@Injectable()
export class LifecycleJob {
  readonly #log = new Logger('ModelRegistry');

  constructor(private readonly registry: ModelRegistryService) {}

  @Interval(1_000)
  async follow(): Promise<void> {
    await this.registry.follow().catch((error: Error) => this.#log.error(error.message));
  }
}
