import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Candle } from '../src/domain/candle.js';
import { variantLabel } from '../src/domain/model.js';
import type { ModelRun } from '../src/domain/prediction.js';
import { bytesOf, bytesOfColumns } from './candle-bytes.js';
import { CandlePath, HISTORY, walksOf } from './candle-path.js';
import { FeatureRows } from './feature-rows.js';
import { FOREST_FEATURES, growForest, type Forest } from './forest.js';
import { Peer, peerPython } from './peer.js';
import type { RandomWalk } from './random-walk.js';
import { quantile, ratio, round, type BenchReport, type Ratio } from './report.js';

const SYMBOLS = 500;
const ROUNDS = 15;
const UNCOUNTED = 3;
/** Candle closes before the first round: a service that has run for half an hour has compiled what it runs. */
const WARM_UP_CLOSES = 30;
/** Of them and the history, those that NautilusTrader's indicators see before the first round. */
const BARS_BEFORE = 60;

const METHOD =
  `Both sides close the same candles of ${SYMBOLS} seeded random walks and serve the same LightGBM classifier, 64
features, 501 trees of 31 leaves, on one thread. AlphaPulse: from the candles' arrival until all predictions are handed on: features,
one batch, one worker, by the engine that its certificate found fastest, saved to a durable PostgreSQL beside the path. NautilusTrader:
a BacktestEngine that is fed each close's bars (streaming), one strategy; 64 columns of its own compiled indicators, which it updates
with each bar, and onnxruntime for Python called at each bar with one row, on the ONNX file that our importer made of the same model. In
its favour: bars are made and sorted before its clock starts, no logging, no matching of orders on bars, no risk engine, nothing
saved, no network; a live node adds its event loop. "on_bar" is the row and the call, "session.run" the call alone. Its columns
are not ours, so that its predictions are not: on our rows they are compared. ${ROUNDS} rounds in turn after
${WARM_UP_CLOSES} closes; the ratio is of medians.`.replaceAll('\n', ' ');

/** What NautilusTrader tells of a close, ms. */
const PARTS = {
  ms: 'NautilusTrader: bars → all predictions, engine and indicators included',
  onBar: 'NautilusTrader: of that, on_bar: the row and the model',
  session: 'NautilusTrader: of that, session.run alone',
} as const;
type Part = keyof typeof PARTS;

interface Measured {
  readonly ours: readonly number[];
  /** Of it, in the worker. */
  readonly inference: readonly number[];
  readonly theirs: Readonly<Record<Part, readonly number[]>>;
  readonly largest: number;
}

/** The path and the walks that close candles, with our feature rows of them. */
interface Market {
  readonly path: CandlePath;
  readonly walks: readonly RandomWalk[];
  readonly rows: FeatureRows;
}

/** Bar close → prediction of every symbol, against a NautilusTrader strategy that asks onnxruntime at each bar. */
export default async function nautilus(): Promise<BenchReport> {
  const interpreter = peerPython('nautilus');
  const folder = mkdtempSync(join(tmpdir(), 'alphapulse-bench-'));
  const peer = new Peer(interpreter, 'nautilus/serve.py');
  const path = await CandlePath.start();
  try {
    const forest = await growForest(peer, folder);
    await path.adopt([forest.model]);
    const versions = await openEngine(peer, forest, folder);
    const market = { path, walks: walksOf(SYMBOLS), rows: new FeatureRows(FOREST_FEATURES, walksOf(SYMBOLS)) };
    const measured = await measure(market, peer, folder);
    const table = rowsOf(forest, measured);
    return { name: 'nautilus', method: METHOD, table, ratios: judge(measured), versions };
  } finally {
    await peer.end();
    await path.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** NautilusTrader gets the ONNX file, and the bars before the first round. */
function openEngine(peer: Peer, { model }: Forest, folder: string): Promise<Record<string, string>> {
  const walks = walksOf(SYMBOLS);
  walks.forEach((walk) => walk.columns(HISTORY + WARM_UP_CLOSES - BARS_BEFORE));
  const histories = walks.map((walk) => walk.columns(BARS_BEFORE));
  const candles = join(folder, 'candles.f64');
  writeFileSync(candles, Buffer.concat(histories.map(bytesOfColumns)));
  const symbols = histories.map(({ symbol }) => symbol);
  const opened = histories[0]!.openTime[0];
  const onnx = join(dirname(model.file), 'model.onnx');
  return peer.ask('open', { symbols, model: onnx, output: model.output, candles, opened });
}

async function measure(market: Market, peer: Peer, folder: string): Promise<Measured> {
  const [ours, inference]: [number[], number[]] = [[], []];
  const theirs: Record<Part, number[]> = { ms: [], onBar: [], session: [] };
  const file = join(folder, 'closed.f64');
  await market.path.warmUp(market.walks);
  for (let i = 0; i < WARM_UP_CLOSES; i += 1) await closeNext(market);
  for (let i = -UNCOUNTED; ; i += 1) {
    const { ms, run, rows, candles } = await closeNext(market);
    writeFileSync(file, bytesOf(candles));
    await sleep(20);
    const told = await peer.ask<Record<Part, number>>('time', { candles: file });
    if (i < 0) continue;
    ours.push(ms);
    inference.push(run.moments.inferred! - run.moments.inferring!);
    for (const part of Object.keys(PARTS) as Part[]) theirs[part].push(told[part]);
    if (i === ROUNDS - 1) return { ours, inference, theirs, largest: await compare(run, rows, peer, folder) };
  }
}

/** One candle of every symbol closes. @returns what it took, ms, the model's run, the rows that it was asked for, and the candles */
async function closeNext({
  path,
  walks,
  rows,
}: Market): Promise<{ ms: number; run: ModelRun; rows: Float64Array; candles: readonly Candle[] }> {
  const candles = walks.map((walk) => walk.next());
  const { ms, batch } = await path.close(candles);
  await path.saved();
  return { ms, run: batch.runs[0]!, rows: rows.after(candles), candles };
}

/** Our answers of the last round against onnxruntime's to the same rows. @returns the largest difference */
async function compare(run: ModelRun, rows: Float64Array, peer: Peer, folder: string): Promise<number> {
  const [asked, file] = [join(folder, 'rows.f64'), join(folder, 'answers.f64')];
  writeFileSync(asked, rows);
  await peer.ask('answers', { rows: asked, file });
  const bytes = readFileSync(file);
  const answers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / Float64Array.BYTES_PER_ELEMENT);
  const largest = answers.reduce((worst, value, i) => Math.max(worst, Math.abs(value - run.probabilities[i]!)), 0);
  if (!(largest < 1e-5)) throw new Error(`our answers differ from onnxruntime's by ${largest}`);
  return largest;
}

function rowsOf({ model }: Forest, measured: Measured): Record<string, string | number>[] {
  const { ours, inference, theirs, largest } = measured;
  const times = (samples: readonly number[]) => ({
    'ms p50': round(quantile(samples, 0.5)),
    'ms p95': round(quantile(samples, 0.95)),
    'µs a symbol': round((quantile(samples, 0.5) / SYMBOLS) * 1000, 1),
  });
  const engine = `AlphaPulse, ${variantLabel(model.variant)}`;
  const difference = { 'largest difference': Number(largest.toPrecision(2)) };
  return [
    { work: `${engine}: candles → all predictions`, ...times(ours), ...difference },
    { work: `${engine}: of that, in the worker`, ...times(inference) },
    ...(Object.keys(PARTS) as Part[]).map((part) => ({ work: PARTS[part], ...times(theirs[part]) })),
  ];
}

function judge({ ours, inference, theirs }: Measured): Ratio[] {
  const p50 = (samples: readonly number[]) => quantile(samples, 0.5);
  const whole = `AlphaPulse: candles of ${SYMBOLS} symbols → all predictions`;
  return [
    ratio(PARTS.ms, whole, p50(theirs.ms) / p50(ours), '>= 10'),
    ratio(PARTS.onBar, whole, p50(theirs.onBar) / p50(ours), null),
    ratio(PARTS.session, whole, p50(theirs.session) / p50(ours), null),
    ratio(PARTS.session, 'AlphaPulse: the worker alone', p50(theirs.session) / p50(inference), null),
  ];
}
