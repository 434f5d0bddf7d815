import type { Candle } from '../domain/candle.js';
import type { Pair } from '../domain/pair.js';

/** Failed tries of one candle after which its symbol is parked. */
export const TRIES = 3;

export interface Parked {
  readonly symbol: Pair;
  readonly reason: string;
}

/** A candle that cannot be matched for what its symbol's orders and position are; the other symbols have no part in it. */
export class Unmatchable extends Error {
  constructor(
    readonly symbol: Pair,
    override readonly cause: unknown,
  ) {
    super(`${symbol}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/**
 * @returns whether the database refused the very row (SQLSTATE classes 22 data, 23 constraint, P0 raised): saving it again
 *   fails again. A connection lost, a disk full or a deadlock say nothing about the row.
 */
export function refusesTheRow(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(22|23|P0)...$/.test(code);
}

/**
 * Closed 1m candles not matched yet, oldest first: more than one call's only after a failure. A symbol whose candle
 * failed TRIES times is parked: its candles are passed over, so that the others go on, until nothing of it is open any
 * more or the process starts again.
 */
export class Unmatched {
  readonly #candles: Candle[] = [];
  readonly #failures = new Map<Pair, number>();
  readonly #parked = new Map<Pair, string>();

  get count(): number {
    return this.#candles.length;
  }

  get parked(): readonly Parked[] {
    return [...this.#parked].map(([symbol, reason]) => ({ symbol, reason }));
  }

  push(candles: readonly Candle[]): void {
    for (const candle of candles) this.#candles.push(candle);
  }

  next(): Candle | undefined {
    return this.#candles[0];
  }

  /** The next candle is dealt with. */
  done(): void {
    const candle = this.#candles.shift();
    if (candle) this.#failures.delete(candle.symbol);
  }

  /** @returns true when that was the try that parks the symbol */
  failed({ symbol, message }: Unmatchable): boolean {
    const failures = (this.#failures.get(symbol) ?? 0) + 1;
    this.#failures.set(symbol, failures);
    if (failures < TRIES) return false;
    this.#parked.set(symbol, message);
    return true;
  }

  isParked(symbol: Pair): boolean {
    return this.#parked.has(symbol);
  }

  release(symbol: Pair): void {
    this.#parked.delete(symbol);
  }
}
