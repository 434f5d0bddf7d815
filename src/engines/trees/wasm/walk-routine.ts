import type { Float } from '../tree-ensemble.js';
import { addLeaves } from './add-leaves.js';
import { i32, repeatWhile, routine, select, whileDo, type Routine } from './assembler.js';
import { each, LABELS, TILE, WALKERS } from './tile.js';

/** Address of the plane, cut, address of the yes child with the no child behind it, label: int32. A leaf leads to itself. */
export const STEP_BYTES = 16;
/** Levels above the first leaf, levels below it, trees; then for each walker its root, and for each the end of its additions. */
export const GROUP_BYTES = 12 + 8 * WALKERS;
/** Where groups keep them. */
export const GROUP_ROOTS = 12;
export const GROUP_ENDS = GROUP_ROOTS + 4 * WALKERS;

/**
 * `walk(group, groupsEnd, add, rows)`: each row down eight trees at once, a level a step and no branch on an answer; a
 * walker at its leaf stays there until all eight have come to theirs. For few rows, and for trees too large for `sweep`.
 */
export function walkRoutine(float: Float): Routine {
  return routine('walk', 4, (scope, group, groupsEnd, add, rows) => {
    const [row, levels, tree, end] = [scope.i32(), scope.i32(), scope.i32(), scope.i32()];
    const walker = each(WALKERS, () => scope.i32());
    const before = each(WALKERS, () => scope.i32());
    const down = walker.map((at) => {
      const x = i32.load8S(i32.add(i32.load(at.get), row.get));
      const no = i32.shrU(i32.sub(i32.load(at.get, 4), x), i32.const(31));
      return at.set(i32.add(i32.load(at.get, 8), i32.shl(no, i32.const(Math.log2(STEP_BYTES)))));
    });
    const moved = walker.map((at, i) => i32.xor(at.get, before[i]!.get)).reduce(i32.or);
    const labelled = walker.map((at, i) =>
      i32.store(i32.shl(row.get, i32.const(2)), i32.load(at.get, 12), LABELS + 4 * TILE * i),
    );
    return [
      whileDo(
        i32.ltU(group.get, groupsEnd.get),
        row.set(i32.const(0)),
        repeatWhile(
          i32.ltU(row.get, rows.get),
          ...walker.map((at, i) => at.set(i32.load(group.get, GROUP_ROOTS + 4 * i))),
          levels.set(i32.load(group.get)),
          whileDo(levels.get, ...down, levels.advance(-1)),
          levels.set(i32.load(group.get, 4)),
          whileDo(
            levels.get,
            ...walker.map((at, i) => before[i]!.set(at.get)),
            ...down,
            levels.set(select(moved, i32.sub(levels.get, i32.const(1)), i32.const(0))),
          ),
          ...labelled,
          row.advance(1),
        ),
        tree.set(i32.const(0)),
        repeatWhile(
          i32.ltU(tree.get, i32.load(group.get, 8)),
          end.set(i32.load(i32.add(group.get, i32.shl(tree.get, i32.const(2))), GROUP_ENDS)),
          addLeaves(scope, float, add, end, {
            rows: rows.get,
            at: i32.add(i32.const(LABELS), i32.shl(tree.get, i32.const(Math.log2(4 * TILE)))),
            bytes: 4,
            unrolled: 1,
          }),
          tree.advance(1),
        ),
        group.advance(GROUP_BYTES),
      ),
    ];
  });
}
