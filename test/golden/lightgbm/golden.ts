import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { applyRules } from '../../../src/engines/trees/columns.js';
import { applyLink, linkOutputs } from '../../../src/engines/trees/link.js';
import type { TreeModel } from '../../../src/engines/trees/tree-model.js';
import { walk } from '../../../src/engines/trees/walk.js';

/** What JSON cannot say is a string. */
export type Cell = number | 'NaN' | 'Infinity' | '-Infinity';

/** What training/golden/lightgbm.py writes: a model, rows that probe it, and LightGBM's answers. */
export interface Golden {
  readonly model: string;
  readonly rows: readonly (readonly Cell[])[];
  readonly raw: readonly (readonly Cell[])[];
  readonly predictions: readonly (readonly Cell[])[];
}

const FOLDER = resolve('test/golden/lightgbm');
const ENDING = '.json.gz';

export const GOLDEN_NAMES: readonly string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(ENDING))
  .map((file) => file.slice(0, -ENDING.length));

export function golden(name: string): Golden {
  return JSON.parse(gunzipSync(readFileSync(resolve(FOLDER, name + ENDING))).toString()) as Golden;
}

/** The model's answers by the definition: column rules, walk, link; row after row. */
export function answers({ ensemble, rules, link }: TreeModel, rows: readonly (readonly Cell[])[]) {
  const { float, targets } = ensemble;
  const margins = new Float64Array(rows.length * targets);
  rows.forEach((cells, r) => {
    const row = Float64Array.from(cells, Number);
    applyRules(rules, float, row);
    walk(ensemble, row, margins.subarray(r * targets, (r + 1) * targets));
  });
  const predictions = new Float64Array(rows.length * linkOutputs(link, targets));
  applyLink(link, float, margins, rows.length, targets, predictions);
  return { margins, predictions };
}

/** @returns units in the last place between two float64 numbers of one sign */
export function ulps(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  const [x, y] = new BigInt64Array(Float64Array.of(a, b).buffer);
  return Number(x > y ? x - y : y - x);
}
