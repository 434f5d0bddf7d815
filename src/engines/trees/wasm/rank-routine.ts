import type { Float } from '../tree-ensemble.js';
import {
  i16x8,
  i32,
  i32x4,
  i8x16,
  realOf,
  repeatWhile,
  routine,
  select,
  v128,
  whileDo,
  type Code,
  type Local,
  type Routine,
  type Scope,
} from './assembler.js';
import { each, LANES, RANKS } from './tile.js';

/** Rows that are searched for at once. */
const SEARCHES = 8;

/** x of row 0, cuts, half of (cuts + 1) in bytes, end of the column's levels, end of its members: int32 addresses. */
export const COLUMN_BYTES = 20;
/** Address of the plane; level: its first cut, and −1 where NaN is beyond all cuts, 0 where before; member: its table, 0. */
export const PLANE_BYTES = 12;

/**
 * `rank(column, columnsEnd, rowBytes, rows)`: from the numbers of a tile, column by column, to the bytes of the planes
 * that the nodes ask (RankPlanes says what they mean).
 */
export function rankRoutine(float: Float): Routine {
  return routine('rank', 4, (scope, column, columnsEnd, rowBytes, rows) => {
    const [end, plane, row] = [scope.i32(), scope.i32(), scope.i32()];
    return [
      whileDo(
        i32.ltU(column.get, columnsEnd.get),
        ...search(scope, float, column, rowBytes, rows),
        plane.set(i32.add(column.get, i32.const(COLUMN_BYTES))),
        end.set(i32.load(column.get, 12)),
        whileDo(
          i32.ltU(plane.get, end.get),
          ...level(scope, float, column, plane, row, rows),
          plane.advance(PLANE_BYTES),
        ),
        end.set(i32.load(column.get, 16)),
        whileDo(i32.ltU(plane.get, end.get), ...member(plane, row, rows), plane.advance(PLANE_BYTES)),
        column.set(end.get),
      ),
    ];
  });
}

/**
 * Binary search without branches. A row's rank is the number of cuts that it is not at or before: so a NaN, at or before
 * none, takes the last of 2^k ranks, which no number reaches.
 */
function search(scope: Scope, float: Float, column: Local, rowBytes: Local, rows: Local): Code[] {
  const real = realOf(float);
  const size = 1 << real.log2Bytes;
  const [cuts, half, row, at] = [scope.i32(), scope.i32(), scope.i32(), scope.i32()];
  const x = each(SEARCHES, () => scope.real(float));
  const place = each(SEARCHES, () => scope.i32());
  const fetch = x.flatMap((one) => [one.set(real.load(at.get)), at.advance(rowBytes.get)]);
  const halve = place.map((one, i) => {
    const beyond = i32.add(one.get, half.get);
    const last = real.load(i32.sub(beyond, i32.const(size)));
    return one.set(select(real.le(x[i]!.get, last), one.get, beyond));
  });
  const keep = place.map((one, i) => {
    const index = i32.shrU(i32.sub(one.get, cuts.get), i32.const(real.log2Bytes));
    return i32.store(i32.shl(row.get, i32.const(2)), index, RANKS + 4 * i);
  });
  return [
    at.set(i32.load(column.get)),
    cuts.set(i32.load(column.get, 4)),
    row.set(i32.const(0)),
    repeatWhile(
      i32.ltU(row.get, rows.get),
      ...fetch,
      ...place.map((one) => one.set(cuts.get)),
      half.set(i32.load(column.get, 8)),
      repeatWhile(i32.ltU(i32.const(size - 1), half.get), ...halve, half.set(i32.shrU(half.get, i32.const(1)))),
      ...keep,
      row.advance(SEARCHES),
    ),
  ];
}

/** Ranks of the plane's 255 cuts to bytes −128 to 127; those before and behind to the nearest. */
function level(scope: Scope, float: Float, column: Local, plane: Local, row: Local, rows: Local): Code[] {
  const [first, beyond, missing] = [scope.v128(), scope.v128(), scope.v128()];
  const highest = i32.sub(i32.shrU(i32.load(column.get, 8), i32.const(realOf(float).log2Bytes - 1)), i32.const(1));
  const four = (i: number): Code => {
    const ranks = v128.load(i32.shl(row.get, i32.const(2)), RANKS + LANES * i);
    const known = v128.or(i32x4.ltS(ranks, missing.get), beyond.get);
    return i32x4.sub(v128.and(ranks, known), first.get);
  };
  const bytes = i8x16.narrowU(i16x8.narrowS(four(0), four(1)), i16x8.narrowS(four(2), four(3)));
  return [
    first.set(i32x4.splat(i32.load(plane.get, 4))),
    beyond.set(i32x4.splat(i32.load(plane.get, 8))),
    missing.set(i32x4.splat(highest)),
    row.set(i32.const(0)),
    repeatWhile(
      i32.ltU(row.get, rows.get),
      v128.store(i32.add(i32.load(plane.get), row.get), v128.xor(bytes, i8x16.splat(i32.const(-128)))),
      row.advance(LANES),
    ),
  ];
}

/** What the plane's table says of each rank. */
function member(plane: Local, row: Local, rows: Local): Code[] {
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
