import type { Float } from '../tree-ensemble.js';
import { addLeaves } from './add-leaves.js';
import { i32, i8x16, routine, v128, whileDo, type Routine } from './assembler.js';
import { each, LABELS, LANES } from './tile.js';

/** Address of the plane, int32; then bytes: cut, the node's leftmost leaf, the leftmost leaf of its no side, 0. */
export const NODE_BYTES = 8;
/** End of the tree's nodes, end of its additions. */
export const TREE_BYTES = 8;
/** Labels are bytes. */
export const MOST_LEAVES = 256;

/**
 * `sweep<n>(tree, treesEnd, node, add)`: the tile's first 16 × n rows through all nodes of all trees, 16 rows an
 * instruction.
 *
 * Leaves are numbered from left to right, yes being left. A row starts at leaf 0. Each node, parents first, moves the
 * rows that stand at its leftmost leaf and answer no to the leftmost leaf of its no side. A row stands there exactly
 * when its path leads through the node: so it ends at its leaf, and there is no branch, no gather and no address to
 * compute from an answer. Labels only grow: the maximum keeps the rows that do not move.
 */
export function sweepRoutine(float: Float, vectors: number): Routine {
  return routine(`sweep${vectors}`, 4, (scope, tree, treesEnd, node, add) => {
    const [end, plane] = [scope.i32(), scope.i32()];
    const [cut, leftmost, noSide] = [scope.v128(), scope.v128(), scope.v128()];
    const label = each(vectors, () => scope.v128());
    const move = label.map((one, i) => {
      const no = i8x16.gtS(v128.load(plane.get, LANES * i), cut.get);
      const moves = v128.and(no, i8x16.eq(one.get, leftmost.get));
      return one.set(i8x16.maxU(one.get, v128.and(moves, noSide.get)));
    });
    return [
      whileDo(
        i32.ltU(tree.get, treesEnd.get),
        ...label.map((one) => one.set(v128.zero)),
        end.set(i32.load(tree.get)),
        whileDo(
          i32.ltU(node.get, end.get),
          plane.set(i32.load(node.get)),
          cut.set(v128.load8Splat(node.get, 4)),
          leftmost.set(v128.load8Splat(node.get, 5)),
          noSide.set(v128.load8Splat(node.get, 6)),
          ...move,
          node.advance(NODE_BYTES),
        ),
        ...label.map((one, i) => v128.store(i32.const(0), one.get, LABELS + LANES * i)),
        end.set(i32.load(tree.get, 4)),
        addLeaves(scope, float, add, end, {
          rows: i32.const(LANES * vectors),
          at: i32.const(LABELS),
          bytes: 1,
          unrolled: 8,
        }),
        tree.advance(TREE_BYTES),
      ),
    ];
  });
}
