import { MODE, type Float, type TreeEnsemble } from './tree-ensemble.js';

export const PLANE_CUTS = 255;

export interface RankColumn {
  readonly feature: number;
  /** Ascending, each once; a NaN, which every number is beyond, comes first. Length 2^k − 1, ≥ 1 spare at the end: +∞. */
  readonly cuts: Float64Array;
  readonly levels: readonly { readonly plane: number; readonly first: number; readonly missingYes: boolean }[];
  readonly members: readonly { readonly plane: number; readonly set: Int32Array; readonly missingYes: boolean }[];
}

export interface RankPlanes {
  readonly columns: readonly RankColumn[];
  readonly planes: number;
  readonly plane: Int32Array;
  readonly cut: Int8Array;
}

const numbers = new Float64Array(1);
const bits64 = new BigInt64Array(numbers.buffer);
const numbers32 = new Float32Array(1);
const bits32 = new Int32Array(numbers32.buffer);

export function nextBelow(x: number, float: Float): number {
  if (x === -Infinity || Number.isNaN(x)) return NaN;
  if (float === 'float32') {
    if (x === 0) return -1.401298464324817e-45;
    numbers32[0] = x;
    bits32[0]! += x > 0 ? -1 : 1;
    return numbers32[0];
  }
  if (x === 0) return -5e-324;
  numbers[0] = x;
  bits64[0]! += x > 0 ? -1n : 1n;
  return numbers[0];
}

export function rankPlanes(e: TreeEnsemble): RankPlanes {
  const nodes = e.mode.length;
  const per = new Map<number, number[]>();
  const cutOf = (node: number) => (e.mode[node] === MODE.LEQ ? e.threshold[node]! + 0 : nextBelow(e.threshold[node]!, e.float));
  for (let n = 0; n < nodes; n++) {
    if (e.mode[n] === MODE.LEAF) continue;
    const f = e.feature[n]!;
    let list = per.get(f);
    if (!list) per.set(f, (list = []));
    if (e.mode[n] === MODE.MEMBER)
      for (const c of e.sets[e.threshold[n]!]!) {
        if (e.float === 'float32' && Math.fround(c) !== c) continue;
        list.push(nextBelow(c, e.float), c);
      }
    else list.push(cutOf(n));
  }
  const plane = new Int32Array(nodes);
  const cut = new Int8Array(nodes);
  const cols = new Map<number, { feature: number; cuts: Float64Array; index: Map<number, number>; levels: any[]; members: any[]; keys: Map<string, number> }>();
  let planes = 0;
  for (const [feature, list] of [...per].sort((a, b) => a[0] - b[0])) {
    const never = list.some(Number.isNaN);
    const distinct = [...new Set(list.filter((c) => !Number.isNaN(c)))].sort((a, b) => a - b);
    const all = never ? [NaN, ...distinct] : distinct;
    let size = 2;
    while (size < all.length + 2) size *= 2;
    const cuts = new Float64Array(size - 1).fill(Infinity);
    cuts.set(all);
    cols.set(feature, { feature, cuts, index: new Map(all.map((c, i) => [c, i])), levels: [], members: [], keys: new Map() });
  }
  for (let n = 0; n < nodes; n++) {
    if (e.mode[n] === MODE.LEAF) continue;
    const col = cols.get(e.feature[n]!)!;
    const missingYes = e.missingYes[n] === 1;
    const isMember = e.mode[n] === MODE.MEMBER;
    const i = isMember ? 0 : col.index.get(cutOf(n))!;
    const chunk = Math.floor(i / PLANE_CUTS);
    const key = isMember ? `m${e.threshold[n]},${missingYes}` : `l${chunk},${missingYes}`;
    let p = col.keys.get(key);
    if (p === undefined) {
      p = planes++;
      col.keys.set(key, p);
      if (isMember) col.members.push({ plane: p, set: e.sets[e.threshold[n]!]!, missingYes });
      else col.levels.push({ plane: p, first: chunk * PLANE_CUTS, missingYes });
    }
    plane[n] = p;
    cut[n] = isMember ? 0 : (i % PLANE_CUTS) - 128;
  }
  return { columns: [...cols.values()], planes, plane, cut };
}
