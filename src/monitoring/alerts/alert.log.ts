import { Injectable, Logger } from '@nestjs/common';
import type { Alert } from '../../domain/alert.js';
import { Settings } from '../../platform/config/settings.js';
import { rulesOf, type Rules } from './rules.js';

/** Tells the terminal of each alert: as loud as its rule says, and quietly when it is over. */
@Injectable()
export class AlertLog {
  readonly #logger = new Logger('Alert');
  readonly #rules: Rules;

  constructor({ config }: Settings) {
    this.#rules = rulesOf(config);
  }

  told({ code, state, message }: Alert): void {
    const line = `${code} ${state}: ${message}`;
    if (state === 'cleared') this.#logger.log(line);
    else this.#logger[this.#rules[code].level](line);
  }
}
