import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { ModelRegistryService } from '../model-registry.service.js';

/** Follows what is done to models, on the command line and in their folders, while the service runs. */
@Injectable()
export class LifecycleJob {
  readonly #log = new Logger('ModelRegistry');

  constructor(private readonly registry: ModelRegistryService) {}

  @Interval('models-follow', 1_000)
  async follow(): Promise<void> {
    await this.registry.follow().catch((error: Error) => this.#log.error(error.message));
  }

  @Interval('models-look', 2_000)
  async look(): Promise<void> {
    await this.registry.look().catch((error: Error) => this.#log.error(error.message));
  }
}
