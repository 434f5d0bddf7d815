import type { Floats } from '../../engines/inference.engine.js';
import type { Turns } from '../../platform/turns.js';

/** Values looked at in one turn of the main loop. */
const A_TURN = 1024;

/**
 * Names each row's largest columns, largest first: `value:column`, and the class where the columns have them (Triton's
 * extension_classification.md). Equal values stand in the order of their columns, and what is no number behind all others.
 * @param output [rows × columns]
 * @returns [rows × count]
 */
export function* classify(
  output: Floats,
  columns: number,
  count: number,
  classes: readonly string[] | null,
): Turns<string[]> {
  const named: string[] = [];
  for (let from = 0; from < output.length; from += columns) {
    if (from % A_TURN < columns && from > 0) yield;
    const row = output.subarray(from, from + columns);
    const order = Array.from(row.keys()).sort((a, b) => rank(row[b]!) - rank(row[a]!) || a - b);
    for (const column of order.slice(0, count)) {
      named.push([row[column], column, ...(classes ? [classes[column]] : [])].join(':'));
    }
  }
  return named;
}

function rank(value: number): number {
  if (Number.isNaN(value) || value === -Infinity) return -Number.MAX_VALUE;
  return Math.min(value, Number.MAX_VALUE);
}

/** Texts as the protocol's binary BYTES: each after its length, 32 bits, little endian. */
export function bytesOf(texts: readonly string[]): Uint8Array {
  const encoded = texts.map((text) => Buffer.from(text));
  return Buffer.concat(
    encoded.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      return [length, text];
    }),
  );
}
