import type { Because, Direction, Signal } from './signal.js';
import type { Pair } from './pair.js';
import type { Timeframe } from './timeframe.js';

/** A row of `signals` as the driver returns it. */
export interface SignalRow {
  readonly id: string;
  readonly symbol: Pair;
  readonly timeframe: Timeframe;
  readonly open_time: Date;
  readonly decided_at: Date;
  readonly direction: Direction;
  readonly confidence: number;
  readonly entry: number;
  readonly stop_loss: number;
  readonly take_profits: readonly number[];
  readonly strategy: string;
  readonly models: readonly string[];
  readonly because: Because;
}

/** The columns of `SignalRow`, for a select. */
export const SIGNAL_COLUMNS =
  'id, symbol, timeframe, open_time, decided_at, direction, confidence, entry, stop_loss, take_profits, strategy, models, because';

/**
 * Saves any number of signals in one statement; those on record already are left as they are. Parameters:
 * `signalParameters`. Shared, because an order's intent is committed in one transaction with its signal.
 * @returns (as rows) the ids that are new
 */
export const INSERT_SIGNALS = `
insert into signals (id, symbol, timeframe, open_time, decided_at, direction, confidence, entry, stop_loss,
                     take_profits, strategy, models, because)
select id, symbol, timeframe, to_timestamp(open_ms / 1000), to_timestamp(decided_ms / 1000), direction, confidence,
       entry, stop_loss, take_profits::float8[], strategy, models::text[], because::jsonb
  from rows from (unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::text[], $7::float8[], $8::float8[],
              $9::float8[], $10::text[], $11::text[], $12::text[]), json_array_elements($13::json))
    as t (id, symbol, timeframe, open_ms, decided_ms, direction, confidence, entry, stop_loss,
          take_profits, strategy, models, because)
on conflict do nothing
returning id`;

/**
 * @param because `becauseArray` of the same signals, where it was made in slices: it is nearly all of the text
 * @returns the 13 parameters of `INSERT_SIGNALS`: array literals, one element a signal, and one JSON array, which needs no
 * escaping (a third of the time of a text[] of JSON)
 */
export function signalParameters(signals: readonly Signal[], because = `[${becauseArray(signals)}]`): string[] {
  const texts = (of: (signal: Signal) => string) => textArray(signals.map(of));
  const numbers = (of: (signal: Signal) => number) => numberArray(signals.map(of));
  return [
    texts((signal) => signal.id),
    texts((signal) => signal.symbol),
    texts((signal) => signal.timeframe),
    numbers((signal) => signal.openTime),
    numbers((signal) => signal.decidedAt),
    texts((signal) => signal.direction),
    numbers((signal) => signal.confidence),
    numbers((signal) => signal.entry),
    numbers((signal) => signal.stopLoss),
    texts((signal) => numberArray(signal.takeProfits)),
    texts((signal) => signal.strategy),
    texts((signal) => textArray(modelsOf(signal))),
    because,
  ];
}

/** @returns the elements of a JSON array, without its brackets */
export function becauseArray(signals: readonly Signal[]): string {
  return signals.map(({ because }) => JSON.stringify(because)).join(',');
}

/** @returns `name@version` of every model that voted, sorted: the order in which the signal's id names them */
export function modelsOf(signal: Pick<Signal, 'because'>): string[] {
  return signal.because.models.map(({ model }) => model).sort();
}

export function signalOf(row: SignalRow): Signal {
  return {
    id: row.id,
    symbol: row.symbol,
    timeframe: row.timeframe,
    openTime: row.open_time.getTime(),
    decidedAt: row.decided_at.getTime(),
    direction: row.direction,
    confidence: row.confidence,
    entry: row.entry,
    stopLoss: row.stop_loss,
    takeProfits: row.take_profits,
    strategy: row.strategy,
    because: row.because,
  };
}

function numberArray(values: readonly number[]): string {
  return `{${values.join(',')}}`;
}

/** Quoted elements: array literals in them pass through unharmed. */
function textArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
