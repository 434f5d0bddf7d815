import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { variantLabel } from '../src/domain/model.js';
import { bytesOf, bytesOfColumns } from './candle-bytes.js';
import { CandlePath, HISTORY, walksOf } from './candle-path.js';
import { FOREST_FEATURES, growForest, type Forest } from './forest.js';
import { Peer, peerPython } from './peer.js';
import { quantile, ratio, round, type BenchReport, type Ratio } from './report.js';

const SYMBOLS = 500;
const PAIRS = [10, 50] as const;
const MOST_PAIRS = Math.max(...PAIRS);
const TRAINING_CANDLES = 2_500;
const ROUNDS = 15;
const UNCOUNTED = 3;
/** Candle closes before the first round: a service that has run for half an hour has compiled what it runs. */
const WARM_UP_CLOSES = 30;

const METHOD =
  `Both sides close the same candles of seeded random walks, and serve a LightGBM classifier of three classes, 64
features, 167 rounds = 501 trees of 31 leaves, on one thread. AlphaPulse: ${SYMBOLS} symbols, from the candles' arrival until all
predictions are handed on: features, batch, one worker, saved to a durable PostgreSQL beside the path. FreqAI: freqtrade's own
strategy, data provider, exchange and LightGBMClassifier in a dry run of 10 and of 50 pairs; "inference_time" is what it writes
itself with write_metrics_to_disk (features and prediction of a pair), "the whole analysis" is strategy.analyze of all pairs. In
its favour: no network, no websocket, no thread that trains again, a history of ${HISTORY} candles (exchanges send 300 to
1,000), one timeframe, no correlated pairs, no outlier detection, one model for all pairs, columns by TA-Lib on arrays and in the one
hook whose columns FreqAI does not merge back by date, which halves the time of the documented way. Its candles lie in the
exchange's cache before the clock starts. It predicts with a model that it trained on its own 64 columns. After
${WARM_UP_CLOSES} closes of ours and FreqAI's first analysis, ${ROUNDS} rounds in turn; the ratio is of medians, FreqAI's time a
pair / ours a symbol.`.replaceAll('\n', ' ');

interface Measured {
  /** Of all symbols, ms a close. */
  readonly ours: readonly number[];
  /** Of all pairs, ms a close. */
  readonly theirs: ReadonlyMap<number, { readonly inference: readonly number[]; readonly analysis: readonly number[] }>;
}

interface Sides {
  readonly path: CandlePath;
  readonly peer: Peer;
  readonly folder: string;
}

/** Candle close → predictions, against FreqAI on the same candles. */
export default async function freqai(): Promise<BenchReport> {
  const interpreter = peerPython('freqai');
  const folder = mkdtempSync(join(tmpdir(), 'alphapulse-bench-'));
  const peer = new Peer(interpreter, 'freqai/serve.py');
  const path = await CandlePath.start();
  try {
    const forest = await growForest(peer, folder);
    await path.adopt([forest.model]);
    const { freqtrade, trees } = await openBots(peer, folder);
    if (trees !== forest.trees) throw new Error(`FreqAI's model has ${trees} trees, ours ${forest.trees}`);
    const measured = await measure({ path, peer, folder });
    const versions = { freqtrade, LightGBM: forest.lightgbm };
    return { name: 'freqai', method: METHOD, table: rowsOf(forest, measured), ratios: judge(measured), versions };
  } finally {
    await peer.end();
    await path.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** FreqAI gets the histories of its pairs, trains its model on another walk, and analyzes each pair once. */
function openBots(peer: Peer, folder: string): Promise<{ freqtrade: string; trees: number }> {
  const walks = walksOf(MOST_PAIRS);
  walks.forEach((walk) => walk.columns(WARM_UP_CLOSES));
  const histories = walks.map((walk) => walk.columns(HISTORY)); // up to the candle before the first round
  const [candles, training] = [join(folder, 'candles.f64'), join(folder, 'training-candles.f64')];
  writeFileSync(candles, Buffer.concat(histories.map(bytesOfColumns)));
  writeFileSync(training, bytesOfColumns(walksOf(1, 2)[0]!.columns(TRAINING_CANDLES)));
  const pairs = histories.map(({ symbol }) => symbol);
  const opened = histories[0]!.openTime[0];
  return peer.ask('open', { pairs, counts: PAIRS, candles, training, opened, folder });
}

async function measure({ path, peer, folder }: Sides): Promise<Measured> {
  const walks = walksOf(SYMBOLS);
  const ours: number[] = [];
  const analyses = new Map(PAIRS.map((count) => [count, [] as number[]]));
  const file = join(folder, 'closed.f64');
  await path.warmUp(walks);
  for (let i = -UNCOUNTED - WARM_UP_CLOSES; i < ROUNDS; i += 1) {
    const candles = walks.map((walk) => walk.next());
    const { ms, batch } = await path.close(candles);
    await path.saved();
    if (batch.runs[0]!.abstentions.size > 0) throw new Error('a symbol was not predicted');
    writeFileSync(file, bytesOf(candles.slice(0, MOST_PAIRS)));
    if (i >= 0) ours.push(ms);
    for (const [count, samples] of analyses) {
      if (i < -UNCOUNTED) continue;
      await sleep(20);
      const took = await peer.time({ count, candles: file });
      if (i >= 0) samples.push(took);
    }
  }
  const inferenceOf = async (count: number) =>
    (await peer.ask<{ ms: number[] }>('inference', { count, closes: ROUNDS })).ms;
  const theirs = new Map<number, { inference: number[]; analysis: number[] }>();
  for (const [count, analysis] of analyses) theirs.set(count, { inference: await inferenceOf(count), analysis });
  return { ours, theirs };
}

function rowsOf({ model, trees }: Forest, { ours, theirs }: Measured): Record<string, string | number>[] {
  const features = FOREST_FEATURES.length;
  const times = (samples: readonly number[], series: number) => ({
    'ms p50': round(quantile(samples, 0.5)),
    'ms p95': round(quantile(samples, 0.95)),
    'ms a symbol': round(quantile(samples, 0.5) / series, 4),
  });
  const whole = `AlphaPulse, ${variantLabel(model.variant)}: candle close → all predictions`;
  return [
    { work: whole, symbols: SYMBOLS, trees, features, ...times(ours, SYMBOLS) },
    ...[...theirs].flatMap(([count, { inference, analysis }]) => [
      { work: 'FreqAI: inference_time', symbols: count, trees, features, ...times(inference, count) },
      { work: 'FreqAI: the whole analysis', symbols: count, trees, features, ...times(analysis, count) },
    ]),
  ];
}

function judge({ ours, theirs }: Measured): Ratio[] {
  const ourSymbol = quantile(ours, 0.5) / SYMBOLS;
  const against = `AlphaPulse, a symbol of ${SYMBOLS}: candle close → prediction`;
  return [...theirs].flatMap(([count, { inference, analysis }]) => {
    const times = (samples: readonly number[]) => quantile(samples, 0.5) / count / ourSymbol;
    return [
      ratio(`FreqAI, a pair of ${count}: inference_time`, against, times(inference), '>= 50'),
      ratio(`FreqAI, a pair of ${count}: the whole analysis`, against, times(analysis), null),
    ];
  });
}
