import type { Float } from '../tree-ensemble.js';
import {
  f32,
  f64,
  i16x8,
  i32,
  i32x4,
  i8x16,
  repeatWhile,
  routine,
  select,
  v128,
  when,
  whileDo,
  type Code,
  type Local,
  type Routine,
  type Scope,
} from './assembler.js';

/** Rows that go through the trees together: their planes fit the first-level cache, and a node is read once for all. */
export const TILE = 128;
/** Rows of one SIMD register of bytes. */
export const LANES = 16;
/** Trees that `walk` goes down at once: enough for the loads of one to hide behind the others. */
export const WALKERS = 8;
/** Rows that `rank` searches for at once. */
const SEARCHES = 8;

/** Where the scratch lies: [TILE] int32 ranks of one column; [WALKERS][TILE] int32 or [TILE] byte labels of leaves. */
export const RANKS = 0;
export const LABELS = RANKS + 4 * TILE;
export const SCRATCH_END = LABELS + 4 * TILE * WALKERS;

const each = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/**
 * rank(column, columnsEnd, rowBytes, rows): for each column of the tile, each row's rank among the column's cuts, and
 * from it the bytes of the column's planes.
 */
export function rank(float: Float): Routine {
  const real = float === 'float32' ? { ...f32, bytes: 4 } : { ...f64, bytes: 8 };
  return routine('rank', 4, (scope, column, columnsEnd, rowBytes, rows) => {
    const [cuts, top, plane, row, at, step, end] = each(7, scope.i32) as [Local, Local, Local, Local, Local, Local, Local];
    const x = each(SEARCHES, float === 'float32' ? scope.f32 : scope.f64);
    const place = each(SEARCHES, scope.i32);
    const search = [
      ...x.map((one, i) => [...(i > 0 ? at.advance(rowBytes.get) : []), ...one.set(real.load(at.get))].flat()),
      ...place.map((one) => one.set(cuts.get)),
      step.set(top.get),
      repeatWhile(
        i32.ltU(i32.const(real.bytes - 1), step.get),
        ...place.map((one, i) => {
          const beyond = i32.add(one.get, step.get);
          return one.set(select(real.le(x[i]!.get, real.load(i32.sub(beyond, i32.const(real.bytes)))), one.get, beyond));
        }),
        step.set(i32.shrU(step.get, i32.const(1))),
      ),
      ...place.map((one, i) =>
        i32.store(
          i32.shl(row.get, i32.const(2)),
          i32.shrU(i32.sub(one.get, cuts.get), i32.const(real.bytes === 4 ? 2 : 3)),
          RANKS + 4 * i,
        ),
      ),
    ];
    return [
      repeatWhile(
        i32.ltU(column.get, columnsEnd.get),
        at.set(i32.load(column.get, 0)),
        cuts.set(i32.load(column.get, 4)),
        top.set(i32.load(column.get, 8)),
        row.set(i32.const(0)),
        repeatWhile(i32.ltU(row.get, rows.get), ...search, at.advance(rowBytes.get), row.advance(SEARCHES)),
        end.set(i32.load(column.get, 12)),
        plane.set(i32.add(column.get, i32.const(20))),
        whileDo(
          i32.ltU(plane.get, end.get),
          ...level(scope, plane, i32.shrU(top.get, i32.const(real.bytes === 4 ? 1 : 2)), rows, row),
          plane.advance(12),
        ),
        end.set(i32.load(column.get, 16)),
        whileDo(i32.ltU(plane.get, end.get), ...member(plane, rows, row), plane.advance(12)),
        column.set(end.get),
      ),
    ];
  });
}

function level(scope: Scope, plane: Local, missing: Code, rows: Local, row: Local): Code[] {
  const [first, keep, none] = each(3, scope.v128) as [Local, Local, Local];
  const quad = (i: number): Code => {
    const loaded = v128.load(i32.shl(row.get, i32.const(2)), RANKS + 16 * i);
    return i32x4.sub(v128.and(loaded, v128.or(i32x4.ltS(loaded, none.get), keep.get)), first.get);
  };
  const bytes = i8x16.narrowU(i16x8.narrowS(quad(0), quad(1)), i16x8.narrowS(quad(2), quad(3)));
  return [
    first.set(i32x4.splat(i32.load(plane.get, 4))),
    keep.set(i32x4.splat(i32.load(plane.get, 8))),
    none.set(i32x4.splat(i32.sub(missing, i32.const(1)))),
    row.set(i32.const(0)),
    repeatWhile(
      i32.ltU(row.get, rows.get),
      v128.store(i32.add(i32.load(plane.get), row.get), v128.xor(bytes, i8x16.splat(i32.const(-128)))),
      row.advance(LANES),
    ),
  ];
}

function member(plane: Local, rows: Local, row: Local): Code[] {
  const ranked = i32.load(i32.shl(row.get, i32.const(2)), RANKS);
  return [
    row.set(i32.const(0)),
    repeatWhile(
      i32.ltU(row.get, rows.get),
      i32.store8(i32.add(i32.load(plane.get), row.get), i32.load8U(i32.add(i32.load(plane.get, 4), ranked))),
      row.advance(1),
    ),
  ];
}

/** sweep<vectors>(tree, treesEnd, node, add): all nodes of all trees over the first 16 x vectors rows of the tile. */
export function sweep(float: Float, vectors: number): Routine {
  return routine(`sweep${vectors}`, 4, (scope, tree, treesEnd, node, add) => {
    const [end, plane] = each(2, scope.i32) as [Local, Local];
    const [cut, from, to] = each(3, scope.v128) as [Local, Local, Local];
    const label = each(vectors, scope.v128);
    return [
      repeatWhile(
        i32.ltU(tree.get, treesEnd.get),
        ...label.map((one) => one.set(v128.zero)),
        end.set(i32.load(tree.get, 0)),
        whileDo(
          i32.ltU(node.get, end.get),
          plane.set(i32.load(node.get)),
          cut.set(v128.load8Splat(node.get, 4)),
          from.set(v128.load8Splat(node.get, 5)),
          to.set(v128.load8Splat(node.get, 6)),
          ...label.map((one, i) => {
            const no = i8x16.gtS(v128.load(plane.get, LANES * i), cut.get);
            return one.set(i8x16.maxU(one.get, v128.and(v128.and(no, i8x16.eq(one.get, from.get)), to.get)));
          }),
          node.advance(8),
        ),
        ...label.map((one, i) => v128.store(i32.const(0), one.get, LABELS + LANES * i)),
        end.set(i32.load(tree.get, 4)),
        addLeaves(scope, float, add, end, i32.const(LANES * vectors), { labels: i32.const(LABELS), bytes: 1, unrolled: 8 }),
        tree.advance(8),
      ),
    ];
  });
}

/** walk(group, groupsEnd, add, rows) */
export function walk(float: Float): Routine {
  return routine('walk', 4, (scope, group, groupsEnd, add, rows) => {
    const [row, depth, tree, end] = each(4, scope.i32) as [Local, Local, Local, Local];
    const at = each(WALKERS, scope.i32);
    const was = each(WALKERS, scope.i32);
    const moved = at.map((one, i) => i32.xor(one.get, was[i]!.get)).reduce((a, b) => i32.or(a, b));
    const down = at.map((one) => {
      const x = i32.load8S(i32.add(i32.load(one.get), row.get));
      const no = i32.shrU(i32.sub(i32.load(one.get, 4), x), i32.const(31));
      return one.set(i32.add(i32.load(one.get, 8), i32.shl(no, i32.const(4))));
    });
    return [
      repeatWhile(
        i32.ltU(group.get, groupsEnd.get),
        row.set(i32.const(0)),
        repeatWhile(
          i32.ltU(row.get, rows.get),
          ...at.map((one, i) => one.set(i32.load(group.get, 8 + 4 * i))),
          depth.set(i32.load(group.get)),
          whileDo(depth.get, ...down, depth.advance(-1)),
          depth.set(i32.load(group.get, 8 + 8 * WALKERS)),
          whileDo(depth.get, ...at.map((one, i) => was[i]!.set(one.get)), ...down, depth.set(select(moved, i32.sub(depth.get, i32.const(1)), i32.const(0)))),
          ...at.map((one, i) => i32.store(i32.shl(row.get, i32.const(2)), i32.load(one.get, 12), LABELS + 4 * TILE * i)),
          row.advance(1),
        ),
        tree.set(i32.const(0)),
        repeatWhile(
          i32.ltU(tree.get, i32.load(group.get, 4)),
          end.set(i32.load(i32.add(group.get, i32.shl(tree.get, i32.const(2))), 8 + 4 * WALKERS)),
          addLeaves(scope, float, add, end, rows.get, {
            labels: i32.add(i32.const(LABELS), i32.shl(tree.get, i32.const(9))),
            bytes: 4,
            unrolled: 1,
          }),
          tree.advance(1),
        ),
        group.advance(12 + 8 * WALKERS),
      ),
    ];
  });
}

interface Labels {
  readonly labels: Code;
  readonly bytes: 1 | 4;
  readonly unrolled: number;
}

function addLeaves(scope: Scope, float: Float, add: Local, addsEnd: Local, rows: Code, labels: Labels): Code {
  const real = float === 'float32' ? { ...f32, shift: 2 } : { ...f64, shift: 3 };
  const [weights, sum, label, stop] = each(4, scope.i32) as [Local, Local, Local, Local];
  const { bytes, unrolled } = labels;
  const one = (i: number): Code => {
    const index = bytes === 1 ? i32.load8U(label.get, i) : i32.load(label.get, bytes * i);
    const weight = real.load(i32.add(weights.get, i32.shl(index, i32.const(real.shift))));
    return real.store(sum.get, real.add(real.load(sum.get, i << real.shift), weight), i << real.shift);
  };
  return whileDo(
    i32.ltU(add.get, addsEnd.get),
    weights.set(i32.load(add.get)),
    sum.set(i32.load(add.get, 4)),
    label.set(labels.labels),
    stop.set(i32.add(label.get, i32.shl(rows, i32.const(bytes === 1 ? 0 : 2)))),
    repeatWhile(
      i32.ltU(label.get, stop.get),
      ...each(unrolled, one),
      label.advance(bytes * unrolled),
      sum.advance(unrolled << real.shift),
    ),
    add.advance(8),
  );
}

void when;
