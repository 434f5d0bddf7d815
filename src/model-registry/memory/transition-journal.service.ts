import { Injectable, Logger } from '@nestjs/common';
import type { Transition } from './model-states.js';
import { TransitionRepository } from './transition.repository.js';

/** Moves kept while the database is away; beyond them the oldest are lost, and said to be. */
const MOST = 10_000;

/**
 * Saves transitions in their order and beside everything else: a swap does not wait for the database, and what could not be
 * saved is tried again.
 */
@Injectable()
export class TransitionJournal {
  readonly #log = new Logger('ModelRegistry');
  #waiting: Transition[] = [];
  #saving: Promise<void> | undefined;
  #failing = false;

  constructor(private readonly transitions: TransitionRepository) {}

  record(transitions: readonly Transition[]): void {
    this.#waiting.push(...transitions);
    const lost = this.#waiting.length - MOST;
    if (lost > 0) {
      this.#waiting.splice(0, lost);
      this.#log.error(`the database is away for long: ${lost} model transitions are lost`);
    }
    void this.flush();
  }

  /** Resolves when everything recorded so far is saved, or could not be. */
  async flush(): Promise<void> {
    while (this.#saving) await this.#saving;
    if (this.#waiting.length === 0) return;
    this.#saving = this.#save().finally(() => (this.#saving = undefined));
    await this.#saving;
  }

  async #save(): Promise<void> {
    const batch = [...this.#waiting];
    try {
      await this.transitions.insertOnce(batch);
      const saved = new Set(batch);
      this.#waiting = this.#waiting.filter((one) => !saved.has(one));
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#log.error(`model transitions wait for the database: ${(error as Error).message}`);
      this.#failing = true;
    }
  }
}
