import type { Float } from '../tree-ensemble.js';
import { i32, realOf, repeatWhile, whileDo, type Code, type Local, type Scope } from './assembler.js';
import { each } from './tile.js';

/** Weights of a tree's leaves for one target, by label; the target's sums, a row each. */
export const ADD_BYTES = 8;

interface Labels {
  readonly rows: Code;
  /** Address of the first row's label, and how many bytes a label has. */
  readonly at: Code;
  readonly bytes: 1 | 4;
  /** Rows a turn of the loop: as many more rows may be read and added to. */
  readonly unrolled: number;
}

/** Adds the weights of the leaves that the rows have come to, one target after the other, up to the end of the additions. */
export function addLeaves(scope: Scope, float: Float, add: Local, addsEnd: Local, labels: Labels): Code {
  const real = realOf(float);
  const { bytes, unrolled } = labels;
  const [weights, sum, label, end] = [scope.i32(), scope.i32(), scope.i32(), scope.i32()];
  const addOne = (i: number): Code => {
    const leaf = bytes === 1 ? i32.load8U(label.get, i) : i32.load(label.get, bytes * i);
    const weight = real.load(i32.add(weights.get, i32.shl(leaf, i32.const(real.log2Bytes))));
    const offset = i << real.log2Bytes;
    return real.store(sum.get, real.add(real.load(sum.get, offset), weight), offset);
  };
  return whileDo(
    i32.ltU(add.get, addsEnd.get),
    weights.set(i32.load(add.get)),
    sum.set(i32.load(add.get, 4)),
    label.set(labels.at),
    end.set(i32.add(label.get, i32.shl(labels.rows, i32.const(Math.log2(bytes))))),
    repeatWhile(
      i32.ltU(label.get, end.get),
      ...each(unrolled, addOne),
      label.advance(bytes * unrolled),
      sum.advance(unrolled << real.log2Bytes),
    ),
    add.advance(ADD_BYTES),
  );
}
