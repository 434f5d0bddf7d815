import { z } from 'zod';
import { parsePair, type Pair } from '../domain/pair.js';
import { TIMEFRAMES } from '../domain/timeframe.js';

const pair = z.string().transform((text, context): Pair => {
  const found = parsePair(text);
  if (found) return found;
  context.addIssue({ code: 'custom', message: `"${text}" is no pair; write BTC/USDT` });
  return z.NEVER;
});
const timeframe = z.enum(TIMEFRAMES);
const limit = z.coerce.number().int().min(1).max(500).default(100);
const instant = z
  .string()
  .refine((text) => /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text), {
    message: 'an ISO 8601 time with its zone, such as 2026-11-25T00:00:00Z',
  })
  .transform((text, context) => {
    const time = Date.parse(text);
    // Date.parse rolls 31 February over into March.
    const day = Date.parse(`${text.slice(0, 10)}T00:00Z`);
    const exists = Number.isFinite(day) && new Date(day).toISOString().startsWith(text.slice(0, 10));
    if (exists && Number.isFinite(time)) return time;
    context.addIssue({ code: 'custom', message: `"${text}" is no day of the calendar` });
    return z.NEVER;
  });

/** `GET /series`: the cursor is the number of series already shown; their order never changes while the process runs. */
export const seriesQuery = z.strictObject({
  symbol: pair.optional(),
  timeframe: timeframe.optional(),
  limit,
  cursor: z.coerce.number().int().min(0).default(0),
});

/** `GET /candles`: newest first; the cursor is the open time of the last candle shown. */
export const candleQuery = z.strictObject({
  symbol: pair,
  timeframe,
  from: instant.optional(),
  to: instant.optional(),
  limit,
  cursor: instant.optional(),
});
