import type { Pair } from '../../domain/pair.js';

/** A 1m kline frame as the exchange pushed it, still forming or final. */
export interface KlineUpdate {
  readonly symbol: Pair;
  /** Open time, UTC ms. */
  readonly openTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly closed: boolean;
  /** Exchange's own stamp on the frame, UTC ms. */
  readonly eventTime: number;
  /** Wall time (epoch ms) at which the frame was read from the socket. */
  readonly receivedAt: number;
}
