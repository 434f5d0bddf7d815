import type { Candle } from '../../domain/candle.js';
import type { Instrument } from '../../domain/instrument.js';
import type { Order } from '../../domain/order.js';
import type { Execution, Resting } from './paper-book.js';

/**
 * What came of a request. Only proven non-acceptance is `rejected`; a time-out or an answer that cannot be read is
 * `unresolved`, and stays so until `find` says.
 */
export type Submission =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'rejected'; readonly code: string }
  | { readonly outcome: 'unresolved'; readonly why: string };

/** Where orders go: paper, or an exchange. Both are idempotent by client order id. */
export abstract class Venue {
  abstract readonly name: string;
  abstract submit(order: Order, instrument: Instrument | undefined): Promise<Submission>;
  /** What became of a request whose answer was not seen. `absent` is proof that the venue never had it. */
  abstract find(order: Order): Promise<Submission | { readonly outcome: 'absent' }>;
  /** @returns true when the order no longer rests; fills that overtook it still come */
  abstract cancel(order: Order): Promise<boolean>;
  /** Executions that a closed 1m candle brings; an exchange reports its own and answers none. */
  abstract match(resting: Resting, candle: Candle, instrument: Instrument): readonly Execution[];
}
