import { Logger } from '@nestjs/common';
import { refOf, variantLabel } from '../../domain/model.js';
import type { KnownVersions } from '../admission/known-versions.service.js';
import type { Transition } from './model-states.js';

/** Tells the operator what became of a version, a line for each move that somebody may have to act on. */
export class TransitionLog {
  readonly #log = new Logger('ModelRegistry');

  constructor(private readonly known: KnownVersions) {}

  tell(move: Transition): void {
    const ref = refOf(move);
    const { to, code, text, who } = move;
    if (to === 'failed') this.#log.error(`${ref} failed: ${code} ${text}`);
    else if (to === 'warming') this.#warming(move);
    else if (code === 'CACHE_FULL') this.#log.error(`${ref} is not in memory: ${code} ${text}`);
    else if (to === 'active' || to === 'ready' || to === 'retired')
      this.#log.log(`${ref} is ${to}: ${code}, ${text} (${who})`);
    else this.#log.debug(`${ref} is ${to}: ${code}, ${text} (${who})`);
  }

  #warming(move: Transition): void {
    const known = this.known.of(move);
    const ref = refOf(move);
    if (!known?.verdict?.chosen) return;
    const { chosen, goldenWorst, notes } = known.verdict;
    const { runnable, why } = chosen;
    this.#log.log(
      `${ref} is loaded on ${variantLabel(runnable.variant)} (${why}), golden within ${goldenWorst?.toExponential(1)}`,
    );
    if (!known.found.certificate) this.#log.warn(`${ref} has no certificate: ALLOW_UNCERTIFIED is on`);
    notes?.forEach((note) => this.#log.warn(`${ref}: ${note}`));
  }
}
