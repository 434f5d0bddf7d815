import { z } from 'zod';
import { TIMEFRAMES } from '../domain/timeframe.js';
import type { Cursor } from '../trading/list-query.js';

const time = z.iso
  .datetime({ offset: true, error: 'an ISO 8601 time with its zone, like 2026-01-31T12:00:00Z' })
  .transform((text) => Date.parse(text));
const limit = z
  .string()
  .regex(/^\d{1,4}$/, 'a whole number from 1 to 500')
  .transform(Number)
  .pipe(z.number().min(1, 'a whole number from 1 to 500').max(500, 'a whole number from 1 to 500'))
  .default(100);
const cursor = z.string().transform((text, context): Cursor => {
  const found = readCursor(text);
  if (!found) context.addIssue({ code: 'custom', message: 'no cursor of this list; take `next` of a page as it is' });
  return found ?? z.NEVER;
});

/** `name` or `name@version` */
const model = z
  .string()
  .regex(/^[\w.-]{1,100}(@[\w.+-]{1,50})?$/, 'a model like gbt or gbt@1.0.0')
  .transform((text): WantedModel => ({ name: text.split('@')[0]!, version: text.split('@')[1] }));

export interface WantedModel {
  readonly name: string;
  /** Absent: every version of it. */
  readonly version?: string | undefined;
}

/** Which model and timeframe. */
export const subject = { model: model.optional(), timeframe: z.enum(TIMEFRAMES).optional() };
/** Wall time, epoch ms, `from` inclusive, `to` exclusive; and where the page begins. */
export const span = { from: time.optional(), to: time.optional(), limit, cursor: cursor.optional() };

export interface Span {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
  readonly cursor?: Cursor | undefined;
}

/** @returns parameters $1 to $5 of a list with `newestFirst`; one row more than asked says that there is a next page */
export function spanParameters({ from, to, cursor, limit }: Span): (number | string | null)[] {
  return [from ?? null, to ?? null, cursor?.at ?? null, cursor?.id ?? null, limit + 1];
}

/** @param time,id columns that order the list @param idType of the column @returns the end of its statement */
export function newestFirst(time: string, idType: 'text' | 'bigint'): string {
  return `($1::float8 is null or ${time} >= to_timestamp($1 / 1000))
      and ($2::float8 is null or ${time} < to_timestamp($2 / 1000))
      and ($3::float8 is null or (${time}, id) < (to_timestamp($3 / 1000), $4::${idType}))
    order by ${time} desc, id desc
    limit $5::int`;
}

function readCursor(text: string): Cursor | undefined {
  const match = /^(\d{1,15})\.([\w@./+-]{1,300})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  return match ? { at: Number(match[1]), id: match[2]! } : undefined;
}
