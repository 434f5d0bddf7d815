import { z } from 'zod';
import { parsePair, type Pair } from '../domain/pair.js';
import type { Direction } from '../domain/signal.js';
import { TIMEFRAMES, type Timeframe } from '../domain/timeframe.js';

/** Where a page of signals ended: the next one starts below. */
export interface SignalCursor {
  /** UTC ms. */
  readonly decidedAt: number;
  readonly id: string;
}

/** Which signals are asked for. Times are UTC ms on `decidedAt`: `from` inclusive, `to` exclusive. */
export interface SignalQuery {
  readonly symbol?: Pair | undefined;
  readonly timeframe?: Timeframe | undefined;
  readonly direction?: Direction | undefined;
  readonly min_confidence?: number | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
  readonly cursor?: SignalCursor | undefined;
}

const time = z.iso
  .datetime({ offset: true, error: 'an ISO 8601 time with its zone, like 2026-01-31T12:00:00Z' })
  .transform((text) => Date.parse(text));

/** Reads `GET /signals`'s query. */
export const signalQuery = z.strictObject({
  symbol: z
    .string()
    .transform((text, context): Pair => {
      const pair = parsePair(text);
      if (!pair) context.addIssue({ code: 'custom', message: `"${text}" is no pair; write BTC/USDT` });
      return pair ?? z.NEVER;
    })
    .optional(),
  timeframe: z.enum(TIMEFRAMES).optional(),
  direction: z.enum(['long', 'short']).optional(),
  min_confidence: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'a number from 0 to 1')
    .transform(Number)
    .pipe(z.number().max(1, 'a number from 0 to 1'))
    .optional(),
  from: time.optional(),
  to: time.optional(),
  limit: z
    .string()
    .regex(/^\d{1,4}$/, 'a whole number from 1 to 500')
    .transform(Number)
    .pipe(z.number().min(1, 'a whole number from 1 to 500').max(500, 'a whole number from 1 to 500'))
    .default(100),
  cursor: z
    .string()
    .transform((text, context): SignalCursor => {
      const cursor = readCursor(text);
      if (!cursor)
        context.addIssue({ code: 'custom', message: 'no cursor of this list; take `next` of a page as it is' });
      return cursor ?? z.NEVER;
    })
    .optional(),
});

export function writeCursor({ decidedAt, id }: SignalCursor): string {
  return Buffer.from(`${decidedAt}.${id}`).toString('base64url');
}

export function readCursor(text: string): SignalCursor | undefined {
  const match = /^(\d{1,15})\.([0-9a-f]{32})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  return match ? { decidedAt: Number(match[1]), id: match[2]! } : undefined;
}
