import { applyRules } from './columns.js';
import { rankPlanes } from './rank-planes.js';
import { MODE } from './tree-ensemble.js';
import type { TreeModel } from './tree-model.js';
import { assemble } from './wasm/assembler.js';
import { rank, sweep, walk, TILE, SCRATCH_END, WALKERS } from './wasm/tree-routines.js';

declare const WebAssembly: any;

export function compileTrees(model: TreeModel, force?: string) {
  const e = model.ensemble;
  const bytes = e.float === 'float32' ? 4 : 8;
  const F = e.features;
  const trees = e.treeTarget.length;
  const nodes = e.mode.length;
  const rp = rankPlanes(e);
  let top = SCRATCH_END;
  const take = (n: number) => { const at = top; top += Math.ceil(n / 64) * 64; return at; };
  const tileAt = take(TILE * F * bytes);
  const sumsAt = take(e.targets * TILE * bytes);
  const planesAt = take(Math.max(1, rp.planes) * TILE);
  const cutsAt = rp.columns.map((c) => take(c.cuts.length * bytes));
  const luts = rp.columns.map((c) => c.members.map(() => take(c.cuts.length + 1)));
  const columnsBytes = rp.columns.reduce((s, c) => s + 20 + 12 * (c.levels.length + c.members.length), 0);
  const columnsAt = take(columnsBytes);
  // leaves
  const count = new Int32Array(nodes);
  for (let n = nodes - 1; n >= 0; n--) count[n] = e.mode[n] === MODE.LEAF ? 1 : count[e.yes[n]!]! + count[e.no[n]!]!;
  const start = new Int32Array(nodes);
  const depth = new Int32Array(nodes);
  const place = new Int32Array(nodes);
  let deepest = 0; const treeMin = new Int32Array(trees).fill(1e6);
  const treeDepth = new Int32Array(trees);
  let adds = 0, maxLeaves = 0, weights = 0, branches = 0;
  for (let t = 0; t < trees; t++) {
    const root = e.roots[t]!, end = e.roots[t + 1]!;
    let next = root + 1;
    place[root] = root;
    for (let n = root; n < end; n++) {
      if (e.mode[n] === MODE.LEAF) { treeMin[t] = Math.min(treeMin[t]!, depth[n]!); continue; }
      branches++;
      const y = e.yes[n]!, o = e.no[n]!;
      start[y] = start[n]!; start[o] = start[n]! + count[y]!;
      depth[y] = depth[o] = depth[n]! + 1;
      treeDepth[t] = Math.max(treeDepth[t]!, depth[y]!);
      place[y] = next++; place[o] = next++;
    }
    const stages = e.treeTarget[t]! < 0 ? e.targets : 1;
    adds += stages; weights += stages * count[root]!;
    maxLeaves = Math.max(maxLeaves, count[root]!);
  }
  const sweepable = maxLeaves <= 256;
  const nodesAt = take(branches * 8);
  const walkAt = take((nodes + 1) * 16);
  const addsAt = take(adds * 8);
  const treesAt = take(trees * 8);
  const groups = Math.ceil(trees / WALKERS);
  const groupBytes = 12 + 8 * WALKERS;
  const groupsAt = take(groups * groupBytes);
  const weightsAt = take(weights * bytes);
  const pages = Math.ceil(top / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const I = new Int32Array(memory.buffer), B = new Int8Array(memory.buffer);
  const R = bytes === 4 ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
  let c = columnsAt;
  rp.columns.forEach((col, i) => {
    R.set(col.cuts, cutsAt[i]! / bytes);
    const a = c / 4;
    I[a] = tileAt + col.feature * bytes; I[a + 1] = cutsAt[i]!; I[a + 2] = ((col.cuts.length + 1) / 2) * bytes;
    I[a + 3] = c + 20 + 12 * col.levels.length; I[a + 4] = I[a + 3]! + 12 * col.members.length;
    c += 20;
    for (const l of col.levels) { I[c / 4] = planesAt + l.plane * TILE; I[c / 4 + 1] = l.first; I[c / 4 + 2] = l.missingYes ? 0 : -1; c += 12; }
    col.members.forEach((m, j) => {
      const lut = luts[i]![j]!;
      B.fill(127, lut, lut + col.cuts.length);
      for (const v of m.set) { const at = col.cuts.indexOf(v); if (at >= 0) B[lut + at] = -128; }
      B[lut + col.cuts.length] = m.missingYes ? -128 : 127;
      I[c / 4] = planesAt + m.plane * TILE; I[c / 4 + 1] = lut; c += 12;
    });
  });
  let node = nodesAt, add = addsAt, w = weightsAt;
  for (let t = 0; t < trees; t++) {
    const root = e.roots[t]!, end = e.roots[t + 1]!;
    const stages = e.treeTarget[t]! < 0 ? e.targets : 1;
    for (let n = root; n < end; n++) {
      const a = (walkAt + place[n]! * 16) / 4;
      if (e.mode[n] === MODE.LEAF) {
        I[a] = planesAt; I[a + 1] = 127; I[a + 2] = walkAt + place[n]! * 16; I[a + 3] = start[n]!;
        for (let s = 0; s < stages; s++) R[w / bytes + s * count[root]! + start[n]!] = e.weights[e.leaf[n]! + s]!;
      } else {
        I[a] = planesAt + rp.plane[n]! * TILE; I[a + 1] = rp.cut[n]!; I[a + 2] = walkAt + place[e.yes[n]!]! * 16;
        if (sweepable) {
          I[node / 4] = I[a]!; B[node + 4] = rp.cut[n]!; B[node + 5] = start[n]!; B[node + 6] = start[e.no[n]!]!;
          node += 8;
        }
      }
    }
    for (let s = 0; s < stages; s++) {
      I[add / 4] = w + s * count[root]! * bytes;
      I[add / 4 + 1] = sumsAt + (e.treeTarget[t]! < 0 ? s : e.treeTarget[t]!) * TILE * bytes;
      add += 8;
    }
    w += stages * count[root]! * bytes;
    I[treesAt / 4 + 2 * t] = node; I[treesAt / 4 + 2 * t + 1] = add;
    const g = (groupsAt + Math.floor(t / WALKERS) * groupBytes) / 4;
    if (t % WALKERS === 0) {
      // unused walkers stand at a dead leaf
      const dead = walkAt + nodes * 16;
      I[dead / 4] = planesAt; I[dead / 4 + 1] = 127; I[dead / 4 + 2] = dead;
      for (let k = 0; k < WALKERS; k++) I[g + 2 + k] = dead;
    }
    if (t % WALKERS === 0) I[g] = 1e6;
    I[g] = Math.min(I[g]!, treeMin[t]!); deepest = t % WALKERS === 0 ? treeDepth[t]! : Math.max(deepest, treeDepth[t]!); I[g + 2 + 2 * WALKERS] = deepest - I[g]!; I[g + 1]!++;
    I[g + 2 + (t % WALKERS)] = walkAt + root * 16;
    I[g + 2 + WALKERS + (t % WALKERS)] = add;
  }
  const module = new WebAssembly.Module(assemble([rank(e.float), walk(e.float), ...[1, 2, 4, 8].map((v) => sweep(e.float, v))]));
  const x = new WebAssembly.Instance(module, { host: { memory } }).exports;
  const tile = R.subarray(tileAt / bytes, tileAt / bytes + TILE * F);
  const sums = R.subarray(sumsAt / bytes, sumsAt / bytes + TILE * e.targets);
  const tileRows = Array.from({ length: TILE }, (_, i) => tile.subarray(i * F, (i + 1) * F));
  const plain = !model.rules.flushTiny && !model.rules.categories && model.rules.zeroIsMissing.length === 0;
  const rankAll = (n: number) => { if (rp.columns.length) x.rank(columnsAt, columnsAt + columnsBytes, F * bytes, n); };
  return {
    pages, planes: rp.planes, x,
    rankAll,
    run(rows: number, input: Float32Array | Float64Array, margins: Float32Array | Float64Array) {
      for (let base = 0; base < rows; base += TILE) {
        const n = Math.min(TILE, rows - base);
        tile.set(input.subarray(base * F, (base + n) * F));
        if (!plain) for (let r = 0; r < n; r++) applyRules(model.rules, e.float, tileRows[r]!);
        rankAll(n);
        sums.fill(0);
        if (force === 'rank') continue;
        if (force === 'walk' || (force !== 'sweep' && n <= 8) || !sweepable) x.walk(groupsAt, groupsAt + groups * groupBytes, addsAt, n);
        else x[n <= 16 ? 'sweep1' : n <= 32 ? 'sweep2' : n <= 64 ? 'sweep4' : 'sweep8'](treesAt, treesAt + trees * 8, nodesAt, addsAt);
        for (let t = 0; t < e.targets; t++) for (let r = 0; r < n; r++) margins[(base + r) * e.targets + t] = sums[t * TILE + r]!;
      }
    },
  };
}
