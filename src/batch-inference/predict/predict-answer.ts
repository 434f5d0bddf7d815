import type { Abstention } from '../../domain/abstention.js';
import type { Serving } from '../../domain/model.js';
import type { Pair } from '../../domain/pair.js';
import type { Floats } from '../../engines/inference.engine.js';
import type { Turns } from '../../platform/turns.js';
import { refOf } from '../../domain/model.js';

/** Values written in one turn of the main loop. */
const A_TURN = 1024;

/** Whose rows they are, where they are rows of live series. */
export interface SeriesRows {
  readonly packed: readonly Pair[];
  /** Of its newest candle, UTC ms. */
  readonly openTimes: readonly number[];
  readonly absent: ReadonlyMap<Pair, Abstention>;
}

export interface Timings {
  readonly decode: number;
  readonly queue: number;
  readonly inference: number;
  readonly total: number;
}

/**
 * Writes what a model said, in turns: by the names of its classes, or as an array where its columns are no classes. A row
 * whose answer is not finite abstains.
 * @param output [rows × columns]
 * @param engine null where no row was there to be asked about
 * @param timings ms
 */
export function* writePredictions(
  model: Serving,
  { engine, output }: { readonly engine: string | null; readonly output: Floats },
  series: SeriesRows | undefined,
  timings: Timings,
): Turns<string> {
  const { columns, classes } = model;
  const predictions: string[] = [];
  for (let from = 0; from < output.length; from += columns) {
    if (from > 0 && from % A_TURN < columns) yield;
    const row = predictions.length;
    const whose = series && { symbol: series.packed[row], open_time: new Date(series.openTimes[row]!).toISOString() };
    predictions.push(JSON.stringify(shown(output.subarray(from, from + columns), classes, whose)));
  }
  const absent = series && [...series.absent].map(([symbol, reason]) => ({ symbol, reason }));
  const timed = Object.entries(timings).map(([stage, ms]: [string, number]) => [stage, Math.round(ms * 1000) / 1000]);
  const head = JSON.stringify({ model: refOf(model), engine, rows: predictions.length });
  const tail = JSON.stringify({ ...(absent && { absent }), timings_ms: Object.fromEntries(timed) as object });
  return `${head.slice(0, -1)},"predictions":[${predictions.join(',')}],${tail.slice(1)}`;
}

function shown(values: Floats, classes: readonly string[] | null, whose: object | undefined): object {
  if (!values.every(Number.isFinite)) return { ...whose, abstained: 'BAD_ANSWER' };
  if (!classes) return [...values];
  return { ...whose, ...Object.fromEntries(classes.map((name, column) => [name, values[column]])) };
}
