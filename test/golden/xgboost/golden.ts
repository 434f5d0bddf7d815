import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { applyRules } from '../../../src/engines/trees/columns.js';
import { applyLink, linkOutputs } from '../../../src/engines/trees/link.js';
import type { TreeModel } from '../../../src/engines/trees/tree-model.js';
import { walk } from '../../../src/engines/trees/walk.js';

/** What training/golden/xgboost_golden.py writes beside a model: rows that probe it, and XGBoost's answers. */
export interface Golden {
  readonly release: string;
  readonly objective: string;
  readonly columns: number;
  readonly rows: Float32Array;
  readonly all: GoldenAnswers;
  /** Answers with the trees up to `best_iteration`, of models that stopped early. */
  readonly best?: GoldenAnswers;
}

export interface GoldenAnswers {
  readonly targets: number;
  readonly outputs: number;
  readonly margins: Float32Array;
  readonly predictions: Float32Array;
}

const FOLDER = resolve('test/golden/xgboost');
const ENDING = '.rows.json.gz';

export const GOLDEN_NAMES: readonly string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(ENDING))
  .map((file) => file.slice(0, -ENDING.length));

export function golden(name: string): Golden {
  return unpacked(name + ENDING, ['rows', 'margins', 'predictions']);
}

/** @returns the model file; undefined where the release that wrote it knew no UBJSON */
export function goldenModel(name: string, format: 'json' | 'ubj'): Uint8Array | undefined {
  const file = `${name}.${format}.gz`;
  return existsSync(resolve(FOLDER, file)) ? inflated(file) : undefined;
}

/** Texts of numbers, and what XGBoost's JSON reader makes of them. */
export function goldenDecimals(): { readonly texts: readonly string[]; readonly values: Float32Array } {
  return unpacked('decimals.json.gz', ['values']);
}

/** Base scores, and the margins that XGBoost makes of them under two objectives; NaN: refused. */
export function goldenBaseScores() {
  const margins = ['count:poisson', 'binary:logistic'] as const;
  type Table = { readonly scores: readonly string[] } & Readonly<Record<(typeof margins)[number], Float32Array>>;
  return unpacked<Table>('base-scores.json.gz', margins);
}

/** The model's answers by the definition: column rules, walk, link; row after row. */
export function answers({ ensemble, rules, link }: TreeModel, rows: Float32Array) {
  const { float, targets, features } = ensemble;
  const count = rows.length / features;
  const margins = new Float64Array(count * targets);
  for (let r = 0; r < count; r += 1) {
    const row = rows.slice(r * features, (r + 1) * features);
    applyRules(rules, float, row);
    walk(ensemble, row, margins.subarray(r * targets, (r + 1) * targets));
  }
  const predictions = new Float32Array(count * linkOutputs(link, targets));
  applyLink(link, float, margins, count, targets, predictions);
  return { margins: Float32Array.from(margins), predictions };
}

/** @returns units in the last place between two float32 numbers of one sign */
export function ulps32(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  const [x, y] = new Int32Array(Float32Array.of(a, b).buffer);
  return Math.abs(x - y);
}

/** @param packed keys whose values are arrays of float32 */
function unpacked<T>(file: string, packed: readonly string[]): T {
  const unpack = (key: string, value: unknown) => (packed.includes(key) ? float32s(value as string) : value);
  return JSON.parse(inflated(file).toString(), unpack) as T;
}

function inflated(file: string): Buffer {
  return gunzipSync(readFileSync(resolve(FOLDER, file)));
}

function float32s(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}
