import { Injectable } from '@nestjs/common';
import type { Candle } from '../../domain/candle.js';
import type { Instrument } from '../../domain/instrument.js';
import type { Order } from '../../domain/order.js';
import { Settings } from '../../platform/config/settings.js';
import { costsOf, type Costs } from '../limits.js';
import { match, type Execution, type Resting } from './paper-book.js';
import { Venue, type Submission } from './venue.port.js';

/**
 * Paper money at real candles. Its book is the order rows themselves: it keeps nothing, so a restart can neither lose
 * nor double an order, and every request that reached `submitted` counts as taken.
 */
@Injectable()
export class PaperVenue extends Venue {
  override readonly name = 'paper';
  readonly #costs: Costs;

  constructor(settings: Settings) {
    super();
    this.#costs = costsOf(settings.config);
  }

  override async submit(order: Order, instrument: Instrument | undefined): Promise<Submission> {
    if (order.purpose !== 'entry') return { outcome: 'accepted' }; // a close is never refused for its size
    if (!instrument) return { outcome: 'rejected', code: 'NO_INSTRUMENT' };
    if (order.quantity < instrument.minQuantity) return { outcome: 'rejected', code: 'QUANTITY_BELOW_MIN' };
    if (instrument.stepSize > 0n && order.quantity % instrument.stepSize !== 0n) {
      return { outcome: 'rejected', code: 'QUANTITY_OFF_STEP' };
    }
    return { outcome: 'accepted' };
  }

  override async find(): Promise<Submission> {
    return { outcome: 'accepted' };
  }

  override async cancel(): Promise<boolean> {
    return true;
  }

  override match(resting: Resting, candle: Candle, instrument: Instrument): readonly Execution[] {
    return match(resting, candle, instrument, this.#costs);
  }
}
