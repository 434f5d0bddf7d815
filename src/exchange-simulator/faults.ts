import { listingIndex } from './listings.js';

/** What a test asks to go wrong. */
export interface FaultOrder {
  readonly dropConnections: boolean;
  /** How many of the next frames are cut in half. */
  readonly malformedFrames: number;
  /** No frames of this symbol (position in `LISTINGS`) for so many minutes of exchange time. */
  readonly withhold: { readonly symbol: number; readonly minutes: number } | undefined;
}

/** Reads the body of `POST /faults`. @returns undefined when it is not an order */
export function parseFaultOrder(text: string): FaultOrder | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const {
    drop_connections: drop = false,
    malformed_frames: malformed = 0,
    withhold,
    ...rest
  } = body as Record<string, unknown>;
  if (Object.keys(rest).length > 0 || typeof drop !== 'boolean' || !isCount(malformed)) return undefined;
  if (withhold === undefined) return { dropConnections: drop, malformedFrames: malformed, withhold };
  const { symbol, minutes } = (withhold ?? {}) as Record<string, unknown>;
  const index = typeof symbol === 'string' ? listingIndex(symbol) : undefined;
  if (index === undefined || !isCount(minutes)) return undefined;
  return { dropConnections: drop, malformedFrames: malformed, withhold: { symbol: index, minutes } };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
