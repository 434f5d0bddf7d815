import type { Abstention } from '../../domain/abstention.js';
import type { Serving } from '../../domain/model.js';
import type { Pair } from '../../domain/pair.js';
import type { Floats } from '../../engines/inference.engine.js';
import { adding, finite } from '../sound.js';
import { nothingYet, type Combined } from './combine.js';

/** Answers to the rows of some symbols, one after another in the order of all. */
export interface Packed {
  /** [packed rows × columns]; undefined: the engine failed */
  readonly output: Floats | undefined;
  /** The symbols that have no row among them, each with its reason. */
  readonly absent: ReadonlyMap<Pair, Abstention>;
}

/** @returns the answers, in float32, beside the symbols that they belong to; one that is no answer abstains, as in a run */
export function spread(
  { output, absent }: Packed,
  { columns, classes }: Pick<Serving, 'columns' | 'classes'>,
  symbols: readonly Pair[],
): Combined {
  const all = nothingYet(symbols, columns);
  const answers = output && Float32Array.from(output);
  const sound = (classes?.length ?? 0) > 1 ? adding : finite;
  let at = 0;
  symbols.forEach((symbol, row) => {
    const reason = absent.get(symbol) ?? (answers ? undefined : 'ENGINE_FAILED');
    const unsound = reason === undefined && !sound(answers!, at, columns);
    if (reason !== undefined) all.abstentions.set(symbol, reason);
    else if (unsound) all.abstentions.set(symbol, 'BAD_ANSWER');
    else {
      all.probabilities.set(answers!.subarray(at, at + columns), row * columns);
      all.answered[row] = 1;
    }
    if (!absent.has(symbol)) at += columns;
  });
  return all;
}
