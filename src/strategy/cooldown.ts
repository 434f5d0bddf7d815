import type { Pair } from '../domain/pair.js';
import type { Direction } from '../domain/signal.js';
import { durationOf, type Timeframe } from '../domain/timeframe.js';

/** When each symbol gave its last signal on one timeframe: open times, UTC ms; NaN where it gave none. */
export interface LastSignals {
  readonly symbols: readonly Pair[];
  readonly long: Float64Array;
  readonly short: Float64Array;
}

/** A signal on record, as far as the cooldown asks. */
export interface PastSignal {
  readonly symbol: Pair;
  readonly direction: Direction;
  /** Open time of its candle, UTC ms. */
  readonly openTime: number;
}

export function noSignals(symbols: readonly Pair[]): LastSignals {
  return {
    symbols,
    long: new Float64Array(symbols.length).fill(NaN),
    short: new Float64Array(symbols.length).fill(NaN),
  };
}

/** @returns the memory as the signals on record leave it: what a restart remembers */
export function lastOf(symbols: readonly Pair[], past: readonly PastSignal[]): LastSignals {
  const last = noSignals(symbols);
  const rows = new Map(symbols.map((symbol, row) => [symbol, row]));
  for (const { symbol, direction, openTime } of past) {
    const row = rows.get(symbol);
    if (row !== undefined && !(last[direction][row]! >= openTime)) last[direction][row] = openTime;
  }
  return last;
}

/** @returns a copy to write to, its rows in the order of `symbols` */
export function copyFor(symbols: readonly Pair[], last: LastSignals | undefined): LastSignals {
  if (!last) return noSignals(symbols);
  if (last.symbols.length === symbols.length && last.symbols.every((symbol, row) => symbol === symbols[row])) {
    return { symbols, long: last.long.slice(), short: last.short.slice() };
  }
  const past = last.symbols.flatMap((symbol, row): PastSignal[] => [
    { symbol, direction: 'long', openTime: last.long[row]! },
    { symbol, direction: 'short', openTime: last.short[row]! },
  ]);
  return lastOf(
    symbols,
    past.filter(({ openTime }) => !Number.isNaN(openTime)),
  );
}

/**
 * The candle of the last signal itself does not cool: deciding it again gives the same id, which adds nothing.
 * @returns whether `openTime` is one of the `candles` candles after the row's last signal in this direction
 */
export function cooling(
  last: LastSignals,
  row: number,
  direction: Direction,
  timeframe: Timeframe,
  openTime: number,
  candles: number,
): boolean {
  const since = openTime - last[direction][row]!;
  return since > 0 && since <= candles * durationOf(timeframe);
}
