import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FEATURE_NAMES } from '../src/batch-inference/features/feature-table.js';
import { variantLabel } from '../src/domain/model.js';
import type { ModelRun } from '../src/domain/prediction.js';
import { specOf } from '../src/engines/model-spec.js';
import { engineFor } from '../src/engines/variant.engine.js';
import { CandlePath, TIMEFRAME, walksOf } from './candle-path.js';
import { FeatureRows } from './feature-rows.js';
import { BenchRegistry, type Imported } from './imported.js';
import { Peer, peerPython, runPython } from './peer.js';
import type { RandomWalk } from './random-walk.js';
import { quantile, ratio, round, type BenchReport, type Ratio } from './report.js';

const SYMBOLS = 500;
const FEATURES = FEATURE_NAMES.slice(0, 64);
const TRAINING_CANDLES = 40;
const ROUNDS = 15;
const UNCOUNTED = 3;
/** Candle closes before the first round: a service that has run for half an hour has compiled what it runs. */
const WARM_UP_CLOSES = 30;
const CLASSES = 3;

const LIBRARIES = ['lightgbm', 'xgboost', 'scikit-learn'] as const;
type Library = (typeof LIBRARIES)[number];

/** What each library is asked to do with the rows of a candle close, and what is asked of us against it. */
const WAYS: Readonly<Record<Library, Readonly<Record<string, { call: string; goal: string | null }>>>> = {
  lightgbm: {
    row: { call: 'LightGBM Booster.predict, a call a symbol', goal: '>= 100' },
    close: {
      call: 'the old way whole: pandas features of 100 candles, then Booster.predict, a symbol at a time',
      goal: '>= 100',
    },
    frame: { call: 'LGBMClassifier.predict_proba of a one-row DataFrame, a call a symbol', goal: null },
    batch: { call: 'LightGBM Booster.predict, one batch', goal: '>= 3' },
  },
  xgboost: {
    row: { call: 'XGBoost Booster.inplace_predict, a call a symbol', goal: null },
    batch: { call: 'XGBoost Booster.inplace_predict, one batch', goal: null },
  },
  'scikit-learn': {
    row: { call: 'HistGradientBoostingClassifier.predict_proba, a call a symbol', goal: null },
    batch: { call: 'HistGradientBoostingClassifier.predict_proba, one batch', goal: null },
  },
};

const METHOD =
  `${SYMBOLS} symbols, one timeframe, ${FEATURES.length} features. Each library trains a classifier of three
classes with 167 rounds = 501 trees (31 leaves; XGBoost: depth 6) on ${SYMBOLS * TRAINING_CANDLES} feature rows of seeded random
walks; its file comes in through our importer (scikit-learn's through training/export) and is served by the engine that its
certificate found fastest. AlphaPulse: from the arrival of ${SYMBOLS} closed candles until all predictions are handed on:
features, batch, one worker, saved to a durable PostgreSQL beside the path; or what the worker alone took. The libraries get the
feature rows of the same candles ready in memory as float64, one thread each, and time themselves; the old way whole makes its
own 64 columns anew from candles, as the engine that this one replaces did. After ${WARM_UP_CLOSES}
closes, ${ROUNDS} rounds in turn, ours, then theirs; the ratio is of medians.`.replaceAll('\n', ' ');

interface Trained {
  readonly file: string;
  readonly trees: number;
  readonly version: string;
}

interface Measured {
  readonly ours: readonly number[];
  /** Of it, until the rows are packed. */
  readonly features: readonly number[];
  /** Of it, in the worker. */
  readonly inference: readonly number[];
  readonly theirs: Readonly<Record<string, readonly number[]>>;
  readonly agreement: Readonly<Record<string, number | string>>;
}

/** The market of the bench: the walks that close candles, and their rows for the libraries. */
interface Market {
  readonly walks: readonly RandomWalk[];
  readonly rows: FeatureRows;
}

/** What the rounds of a library need. */
interface Round {
  readonly path: CandlePath;
  readonly peer: Peer;
  readonly market: Market;
  readonly folder: string;
}

/** Candle close → all predictions, against the Python libraries on ready rows. */
export default async function python(): Promise<BenchReport> {
  const interpreter = peerPython();
  const folder = mkdtempSync(join(tmpdir(), 'alphapulse-bench-'));
  const peer = new Peer(interpreter, 'trees.py');
  const path = await CandlePath.start();
  const table: Record<string, string | number>[] = [];
  const ratios: Ratio[] = [];
  try {
    const trained = await train(peer, folder);
    const market = { walks: walksOf(SYMBOLS), rows: new FeatureRows(FEATURES, walksOf(SYMBOLS)) };
    await path.warmUp(market.walks);
    const registry = new BenchRegistry(folder);
    for (const library of LIBRARIES) {
      const source = sourceOf(library, trained[library].file, interpreter, folder);
      const imported = await registry.import(library, source, TIMEFRAME);
      const measured = await measure(library, imported, { path, peer, market, folder });
      table.push(...rowsOf(library, imported, trained[library], measured));
      ratios.push(...judge(library, measured));
    }
    const versions = Object.fromEntries(LIBRARIES.map((library) => [library, trained[library].version]));
    return { name: 'python', method: METHOD, table, ratios, versions };
  } finally {
    await peer.end();
    await path.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** On other walks than those served. */
async function train(peer: Peer, folder: string): Promise<Record<Library, Trained>> {
  const file = join(folder, 'training.f64');
  new FeatureRows(FEATURES, walksOf(SYMBOLS, 2)).write(file, TRAINING_CANDLES);
  return peer.ask('train', { rows: file, names: FEATURES, folder });
}

/** @returns what our importer takes */
function sourceOf(library: Library, file: string, interpreter: string, folder: string): string {
  if (library !== 'scikit-learn') return file;
  const out = join(folder, 'exported');
  const names = join(folder, 'sklearn-names.json');
  const rows = join(folder, 'sklearn-rows.npy');
  const exporter = ['training/export/export.py', 'sklearn', file, '--trust', '--features', names, '--rows', rows];
  runPython(interpreter, [...exporter, '--classes', 'short,flat,long', '--out', out]);
  return out;
}

async function measure(library: Library, { model }: Imported, round: Round): Promise<Measured> {
  const { path, peer } = round;
  await path.adopt([model]);
  for (let i = 0; i < WARM_UP_CLOSES; i += 1) await closeNext(round);
  const ways = Object.keys(WAYS[library]);
  const theirs = Object.fromEntries(ways.map((way) => [way, [] as number[]]));
  const [ours, features, inference]: [number[], number[], number[]] = [[], [], []];
  const file = join(round.folder, 'rows.f64');
  for (let i = -UNCOUNTED; ; i += 1) {
    const { ms, run, rows } = await closeNext(round);
    writeFileSync(file, rows);
    await peer.ask('look', { rows: file });
    await sleep(20);
    for (const way of ways) {
      const took = await peer.time({ library, way });
      if (i >= 0) theirs[way]!.push(took);
    }
    if (i < 0) continue;
    ours.push(ms);
    features.push(run.moments.featured! - run.moments.received!);
    inference.push(run.moments.inferred! - run.moments.inferring!);
    if (i < ROUNDS - 1) continue;
    const agreement = await compare(library, model, rows, run.probabilities, round);
    return { ours, features, inference, theirs, agreement };
  }
}

/** One candle of every symbol closes. @returns what it took, ms, the model's run, and the rows that it was asked for */
async function closeNext({ path, market }: Round): Promise<{ ms: number; run: ModelRun; rows: Float64Array }> {
  const candles = market.walks.map((walk) => walk.next());
  const { ms, batch } = await path.close(candles);
  await path.saved();
  return { ms, run: batch.runs[0]!, rows: market.rows.after(candles) };
}

/** Our answers of the last round against the library's to the same rows. */
async function compare(
  library: Library,
  model: Imported['model'],
  rows: Float64Array,
  probabilities: Float32Array,
  { peer, folder }: Round,
): Promise<Measured['agreement']> {
  const file = join(folder, 'answers.f64');
  await peer.ask('answers', { library, file });
  const bytes = readFileSync(file);
  const native = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / Float64Array.BYTES_PER_ELEMENT);
  const predictions = native.subarray(SYMBOLS * CLASSES);
  const largest = predictions.reduce((worst, value, i) => Math.max(worst, Math.abs(value - probabilities[i]!)), 0);
  if (!(largest < 1e-5)) throw new Error(`${library}: our answers differ from the native ones by ${largest}`);
  return { 'largest difference': Number(largest.toPrecision(2)), margins: await sameMargins(model, rows, native) };
}

/** @returns how many margins are the native library's to the last bit */
async function sameMargins(model: Imported['model'], rows: Float64Array, native: Float64Array): Promise<string> {
  if (!model.margins) return 'inside its graph';
  const engine = engineFor(model.variant);
  await engine.load(specOf(model));
  const margins = new Float64Array(SYMBOLS * CLASSES);
  await engine.run(SYMBOLS, rows, margins, 'margins');
  await engine.release();
  const same = margins.reduce((count, margin, i) => count + (Object.is(margin, native[i]) ? 1 : 0), 0);
  return `${same} of ${margins.length} bit-equal`;
}

function rowsOf(
  library: Library,
  { model, why }: Imported,
  { trees }: Trained,
  { ours, features, inference, theirs, agreement }: Measured,
): Record<string, string | number>[] {
  const times = (samples: readonly number[]) => ({
    'ms p50': round(quantile(samples, 0.5)),
    'ms p95': round(quantile(samples, 0.95)),
  });
  const named = { trees: `${library}, ${trees}` };
  const engine = `AlphaPulse, ${variantLabel(model.variant)}`;
  return [
    { ...named, work: `${engine}: candle close → all predictions`, ...times(ours), ...agreement, why },
    { ...named, work: `${engine}: of that, features`, ...times(features) },
    { ...named, work: `${engine}: of that, in the worker`, ...times(inference) },
    ...Object.entries(WAYS[library]).map(([way, { call }]) => ({ ...named, work: call, ...times(theirs[way]!) })),
  ];
}

function judge(library: Library, { ours, inference, theirs }: Measured): Ratio[] {
  const p50 = (samples: readonly number[]) => quantile(samples, 0.5);
  const whole = `AlphaPulse, the same ${library} model, candle close → all predictions`;
  const alone = 'AlphaPulse, that without the features: the worker alone';
  return Object.entries(WAYS[library]).flatMap(([way, { call, goal }]) => [
    ratio(call, whole, p50(theirs[way]!) / p50(ours), goal),
    ratio(call, alone, p50(theirs[way]!) / p50(inference), null),
  ]);
}
