import { z } from 'zod';
import type { Order } from '../domain/order.js';
import { parsePair, type Pair } from '../domain/pair.js';

/** Where a page ended: the next one starts below. */
export interface Cursor {
  /** UTC ms. */
  readonly at: number;
  readonly id: string;
}

export interface Page<Row> {
  readonly data: Row[];
  readonly next: string | null;
}

const time = z.iso
  .datetime({ offset: true, error: 'an ISO 8601 time with its zone, like 2026-01-31T12:00:00Z' })
  .transform((text) => Date.parse(text));
const limit = z
  .string()
  .regex(/^\d{1,4}$/, 'a whole number from 1 to 500')
  .transform(Number)
  .pipe(z.number().min(1, 'a whole number from 1 to 500').max(500, 'a whole number from 1 to 500'))
  .default(100);
const pair = z.string().transform((text, context): Pair => {
  const found = parsePair(text);
  if (!found) context.addIssue({ code: 'custom', message: `"${text}" is no pair; write BTC/USDT` });
  return found ?? z.NEVER;
});
const cursor = z.string().transform((text, context): Cursor => {
  const found = readCursor(text);
  if (!found) context.addIssue({ code: 'custom', message: 'no cursor of this list; take `next` of a page as it is' });
  return found ?? z.NEVER;
});
const STATES = [
  'intended',
  'submitted',
  'accepted',
  'partially_filled',
  'filled',
  'cancelled',
  'rejected',
] as const satisfies readonly Order['state'][];
export const PURPOSES = [
  'entry',
  'stop_loss',
  'take_profit',
  'manual_close',
] as const satisfies readonly Order['purpose'][];
export { STATES };

const span = { from: time.optional(), to: time.optional(), limit, cursor: cursor.optional() };

/** Times are UTC ms on `created_at`: `from` inclusive, `to` exclusive. */
export const orderQuery = z.strictObject({
  symbol: pair.optional(),
  state: z.enum(STATES).optional(),
  purpose: z.enum(PURPOSES).optional(),
  ...span,
});
export const fillQuery = z.strictObject({ symbol: pair.optional(), order_id: z.string().max(36).optional(), ...span });
export const positionQuery = z.strictObject({
  symbol: pair.optional(),
  state: z.enum(['open', 'closed', 'all']).default('open'),
  ...span,
});
export const equityQuery = z.strictObject(span);
export const haltBody = z.strictObject({
  reason: z.string().trim().min(1, 'why, in 1 to 500 characters').max(500, 'why, in 1 to 500 characters'),
});
export const symbolPath = z.strictObject({ symbol: pair });

export type OrderQuery = z.output<typeof orderQuery>;
export type FillQuery = z.output<typeof fillQuery>;
export type PositionQuery = z.output<typeof positionQuery>;
export type EquityQuery = z.output<typeof equityQuery>;

export function writeCursor({ at, id }: Cursor): string {
  return Buffer.from(`${at}.${id}`).toString('base64url');
}

export function readCursor(text: string): Cursor | undefined {
  const match = /^(\d{1,15})\.([A-Za-z0-9_/-]{0,60})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  return match ? { at: Number(match[1]), id: match[2]! } : undefined;
}

/** @param found one row more than `limit` where there are more @returns the page, and where the next one starts */
export function pageOf<Row, Json>(
  found: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => Cursor,
  json: (row: Row) => Json,
): Page<Json> {
  const shown = found.slice(0, limit);
  return { data: shown.map(json), next: found.length > shown.length ? writeCursor(cursorOf(shown.at(-1)!)) : null };
}
