import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BatchInferenceService, RunOverlap } from '../../src/batch-inference/batch-inference.service.js';
import { DriftController } from '../../src/batch-inference/drift/drift.controller.js';
import { FEATURE_NAMES, WARM_UP } from '../../src/batch-inference/features/feature-table.js';
import { LatencyController } from '../../src/batch-inference/runs/latency.controller.js';
import { RunController } from '../../src/batch-inference/runs/run.controller.js';
import { RunRepository } from '../../src/batch-inference/runs/run.repository.js';
import { WorkerPool } from '../../src/batch-inference/pool/worker-pool.service.js';
import type { Abstention } from '../../src/domain/abstention.js';
import type { Candle, CandleColumns } from '../../src/domain/candle.js';
import type { DriftReport } from '../../src/domain/drift.js';
import type { Interval } from '../../src/domain/interval.js';
import { CLASSES, type ActiveModel } from '../../src/domain/model.js';
import type { Pair } from '../../src/domain/pair.js';
import type { PredictionBatch } from '../../src/domain/prediction.js';
import type { Reference } from '../../src/domain/reference.js';
import { schema } from '../../src/platform/config/schema.js';
import { Settings } from '../../src/platform/config/settings.js';
import { ExchangeClock } from '../../src/platform/exchange.clock.js';
import { CLASSIFIER } from '../builders/active-model.js';
import { compiled } from '../builders/compiled.js';
import { writeNet } from '../builders/onnx-model.js';
import { freshDatabase } from '../builders/postgres.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5);
const CANDLES = WARM_UP + 40;
const LAST = START + (CANDLES - 1) * MINUTE;
const SYMBOLS: Pair[] = ['A/USDT', 'B/USDT', 'C/USDT', 'D/USDT', 'E/USDT', 'F/USDT'];

const folder = mkdtempSync(join(tmpdir(), 'inference-'));
const code = compiled('batch-inference', 'engines', 'domain', 'platform');
const clock = new ExchangeClock(1);

/** A walk of its own for each symbol, the same on every machine. */
function history(symbol: Pair, length = CANDLES): CandleColumns {
  const phase = symbol.charCodeAt(0);
  const column = (value: (i: number) => number) => Float64Array.from({ length }, (_, i) => value(i));
  const price = (i: number) => 100 + phase / 10 + 5 * Math.sin((i + phase) / 37) + Math.sin((i * phase) % 11);
  return {
    symbol,
    timeframe: '1m',
    openTime: column((i) => START + i * MINUTE),
    open: column((i) => price(i - 1)),
    high: column((i) => Math.max(price(i), price(i - 1)) + 0.3),
    low: column((i) => Math.min(price(i), price(i - 1)) - 0.3),
    close: column(price),
    volume: column((i) => 100 + ((i * 31 + phase) % 53)),
  };
}
const candle = (symbol: Pair, openTime: number): Candle => ({
  ...{ symbol, timeframe: '1m', openTime, open: 100, high: 101, low: 99, close: 100.5, volume: 120 },
  ...{ source: 'stream', receivedAt: clock.wallNow() },
});
const interval = (openTime = LAST, absent: readonly (readonly [Pair, Abstention])[] = []): Interval => ({
  ...{ timeframe: '1m', openTime, symbols: SYMBOLS, absent: new Map(absent) },
  ...{ exchangeClosedAt: clock.wallNow() - 20, receivedAt: clock.wallNow() - 10 },
});
const model = (name: string, window = 1, extra: Partial<ActiveModel> = {}): ActiveModel => ({
  ...{ name, version: '1.0.0', file: join(folder, `${name}.onnx`), timeframes: ['1m'], window, ...CLASSIFIER },
  ...{ input: 'x', output: 'probabilities', variant: { engine: 'onnx', provider: 'cpu', precision: 'full' } },
  features: FEATURE_NAMES.slice(0, 12).map((feature) => ({ name: feature, mean: 0, std: 1, importance: 1 / 12 })),
  ...extra,
});
const ROW = model('row');
const SEQUENCE = model('sequence', 16);

let db: Awaited<ReturnType<typeof freshDatabase>>;
let runs: RunRepository;
const services: BatchInferenceService[] = [];

function serviceOf(
  env: Record<string, string> = {},
  workers = 1,
): { service: BatchInferenceService; batches: PredictionBatch[] } {
  const config = schema.parse(env);
  const settings = new Settings(config, {
    ...{ databaseUrl: db.url, exchange: { restUrl: '', wsUrl: '', speed: 1 }, home: folder, modelsDir: folder },
    ...{ version: '0', startedAt: 0 },
  });
  const entry = pathToFileURL(join(code.src, 'batch-inference/pool/inference.worker.js'));
  const pool = new WorkerPool({
    workers: config.ONNX_ENABLED ? workers : 0,
    timeoutMs: 60_000,
    entry,
  });
  const service = new BatchInferenceService(settings, clock, pool, runs);
  const batches: PredictionBatch[] = [];
  service.predictions.to((batch) => void batches.push(batch));
  services.push(service);
  return { service, batches };
}
async function warmed(env?: Record<string, string>, workers?: number): Promise<ReturnType<typeof serviceOf>> {
  const made = serviceOf(env, workers);
  await made.service.start();
  await made.service.adopt([ROW, SEQUENCE]);
  SYMBOLS.forEach((symbol) => made.service.warmUp(history(symbol)));
  return made;
}
async function saved(service: BatchInferenceService, batch: PredictionBatch): Promise<void> {
  service.stamp(batch, 'decided');
  await service.record(batch);
  service.stamp(batch, 'saved');
  service.stamp(batch, 'published');
  await service.complete(batch);
}

beforeAll(() => {
  writeNet(ROW.file, { features: 12, hidden: 16, layers: 1 });
  writeNet(SEQUENCE.file, { features: 12, window: 16, hidden: 16, layers: 1, seed: 9 });
});
beforeEach(async () => {
  db = await freshDatabase();
  runs = new RunRepository(db.database);
});
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()));
  await db.close();
});
afterAll(() => {
  code.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves when everything that was pushed is in the book: it is taken a slice a turn of the main loop. */
async function absorbed(service: BatchInferenceService): Promise<void> {
  for (let before = -1; before !== service.status().candlesAbsorbed;) {
    before = service.status().candlesAbsorbed;
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }
}

describe('a run', () => {
  it('asks every model about every series in one batch each, and stamps each stage where it happens', async () => {
    const { service, batches } = await warmed();
    await service.run(interval());
    const [batch] = batches;
    expect(batch!.runs.map(({ id }) => id)).toEqual([`row@1.0.0/1m/${LAST}`, `sequence@1.0.0/1m/${LAST}`]);
    for (const run of batch!.runs) {
      expect([...run.answered]).toEqual([1, 1, 1, 1, 1, 1]);
      expect(run.abstentions.size).toBe(0);
      expect(new Set(run.probabilities).size).toBe(SYMBOLS.length * CLASSES.length);
      const { exchangeClosed, received, started, featured, inferring, inferred } = run.moments;
      const stamps = [exchangeClosed, received, started, featured, inferring, inferred] as number[];
      expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
      expect(run.engine).toBe('onnx/cpu');
      expect(run.topFeatures(2, 3)).toHaveLength(3);
    }
    SYMBOLS.forEach((symbol, i) => expect(batch!.close[i]).toBe(history(symbol).close.at(-1)));
    expect(batch!.atr.every((value) => value > 0)).toBe(true);
  });

  it('leaves a symbol out with its reason, and answers the others the same', async () => {
    const { service, batches } = await warmed();
    await service.run(interval());
    service.warmUp(history('B/USDT', WARM_UP - 1));
    service.warmUp({ ...history('C/USDT'), timeframe: '5m' });
    service.warmUp(history('D/USDT', CANDLES - 1));
    service.absorb([candle('E/USDT', LAST + 5 * MINUTE)]);
    service.absorb([candle('F/USDT', LAST + MINUTE)]);
    await absorbed(service);
    await service.run(interval(LAST, [['A/USDT', 'CANDLE_MISSING']]));
    const [before, after] = batches.map(({ runs: [first] }) => first!);
    expect([...after!.abstentions]).toEqual([
      ['A/USDT', 'CANDLE_MISSING'],
      ['B/USDT', 'CANDLE_MISSING'],
      ['D/USDT', 'CANDLE_MISSING'],
      ['E/USDT', 'GAP'],
      ['F/USDT', 'CANDLE_LATE'],
    ]);
    expect([...after!.answered]).toEqual([0, 0, 1, 0, 0, 0]);
    expect(after!.probabilities.slice(6, 9)).toEqual(before!.probabilities.slice(6, 9));
    expect(batches[1]!.close[0]).toBeNaN();
  });

  it('a series with too few candles is warming up, for the window model longer', async () => {
    const { service, batches } = await warmed();
    const late = { ...history('A/USDT', WARM_UP + 3) };
    late.openTime.forEach((_, i) => (late.openTime[i] = LAST - (WARM_UP + 2 - i) * MINUTE));
    const later = history('B/USDT', 20);
    later.openTime.forEach((_, i) => (later.openTime[i] = LAST - (19 - i) * MINUTE));
    service.warmUp(late);
    service.warmUp(later);
    await service.run(interval());
    const [row, sequence] = batches[0]!.runs;
    expect([...row!.abstentions]).toEqual([['B/USDT', 'WARMING_UP']]);
    expect([...sequence!.abstentions]).toEqual([
      ['A/USDT', 'WARMING_UP'],
      ['B/USDT', 'WARMING_UP'],
    ]);
  });

  it('gives the same answers with two workers and tiny chunks as with one', async () => {
    const one = await warmed();
    const two = await warmed({ BATCH_SIZE: '2' }, 2);
    await Promise.all([one.service.run(interval()), two.service.run(interval())]);
    one.batches[0]!.runs.forEach((run, i) => expect(two.batches[0]!.runs[i]!.probabilities).toEqual(run.probabilities));
  });

  it('is refused while another goes on', async () => {
    const { service, batches } = await warmed();
    const first = service.run(interval());
    await expect(service.run(interval(LAST + MINUTE))).rejects.toThrow(RunOverlap);
    await first;
    expect(batches).toHaveLength(1);
  });

  it('takes candles that come during it for the next', async () => {
    const { service, batches } = await warmed();
    const running = service.run(interval());
    service.absorb(SYMBOLS.map((symbol) => candle(symbol, LAST + MINUTE)));
    await running;
    await service.run(interval(LAST + MINUTE));
    expect(batches.map(({ runs: [run] }) => run!.answered.reduce((a, b) => a + b, 0))).toEqual([6, 6]);
  });

  it('without models abstains NO_MODEL, counted, and writes no run', async () => {
    const { service, batches } = await warmed({ ONNX_ENABLED: 'false' });
    await service.run(interval());
    expect(batches[0]!.runs).toEqual([]);
    await saved(service, batches[0]!);
    expect(service.status()).toMatchObject({ enabled: false, unserved: 1, abstentions: { NO_MODEL: 6 }, models: [] });
    expect(await runs.list({ limit: 10 })).toEqual([]);
  });

  it('a shadow is run and recorded as one, beside those that vote', async () => {
    const { service, batches } = await warmed();
    await service.adopt([ROW, { ...SEQUENCE, role: 'shadow' }]);
    await service.run(interval());
    const [batch] = batches;
    expect(batch!.runs.map(({ model: { name }, role, voting }) => [name, role, voting[0]])).toEqual([
      ['row', 'active', 1],
      ['sequence', 'shadow', 0],
    ]);
    await saved(service, batch!);
    const rows = await db.dataSource.query<{ model: string; role: string }[]>(
      'select model, role from runs order by model',
    );
    expect(rows).toEqual(
      expect.arrayContaining([
        { model: 'row', role: 'active' },
        { model: 'sequence', role: 'shadow' },
      ]),
    );
  });

  it('a model that the engine refuses is named, the others serve', async () => {
    const { service, batches } = await warmed();
    await service.adopt([model('missing'), ROW]);
    await service.run(interval());
    expect(batches[0]!.runs.map(({ model: { name } }) => name)).toEqual(['row']);
    expect(service.status().refused).toMatchObject([
      { model: 'missing@1.0.0', reason: expect.stringContaining('ENOENT') },
    ]);
  });
});

describe('the record of runs', () => {
  it('has every run once, however often it is replayed, with the stages of the first', async () => {
    const first = await warmed();
    await first.service.run(interval());
    await saved(first.service, first.batches[0]!);
    const before = await runs.list({ limit: 10 });
    const replay = await warmed();
    await replay.service.run(interval());
    await saved(replay.service, replay.batches[0]!);
    await saved(replay.service, replay.batches[0]!);
    expect(await runs.list({ limit: 10 })).toEqual(before);
    expect(before).toHaveLength(2);
    expect(await db.database.query('select run_id from predictions')).toHaveLength(2);
    for (const row of before) {
      expect(row).toMatchObject({ timeframe: '1m', rows: 6, answered: 6, abstentions: {}, engine: 'onnx/cpu' });
      expect(
        [row.feed_ms, row.queue_ms, row.inference_ms, row.decide_ms, row.publish_ms, row.total_ms].every(
          Number.isFinite,
        ),
      ).toBe(true);
    }
  });

  it('is read page by page, filtered, and one by one with its predictions', async () => {
    const { service, batches } = await warmed();
    for (let i = 0; i < 3; i += 1) {
      await service.run(interval(LAST + i * MINUTE, i === 1 ? [['B/USDT', 'CANDLE_LATE']] : []));
      await saved(service, batches[i]!);
      service.absorb(SYMBOLS.map((symbol) => candle(symbol, LAST + (i + 1) * MINUTE)));
    }
    const controller = new RunController(runs);
    type Page = { data: { id: string; open_time: string }[]; next: string | null };
    const seen: string[] = [];
    let page = (await controller.list({ limit: '4' })) as Page;
    seen.push(...page.data.map(({ id }) => id));
    page = (await controller.list({ limit: '4', cursor: page.next })) as Page;
    seen.push(...page.data.map(({ id }) => id));
    expect(page.next).toBeNull();
    expect(seen).toEqual(
      [2, 1, 0].flatMap((i) => ['sequence', 'row'].map((name) => `${name}@1.0.0/1m/${LAST + i * MINUTE}`)),
    );
    const middle = new Date(LAST + MINUTE).toISOString();
    page = (await controller.list({ model: 'row@1.0.0', timeframe: '1m', from: middle, to: middle })) as Page;
    expect(page.data).toMatchObject([{ id: seen[3], open_time: middle, answered: 5, abstentions: { CANDLE_LATE: 1 } }]);
    const one = (await controller.find({ id: seen[3] })) as { predictions: Record<string, unknown>[] };
    expect(one.predictions[1]).toEqual({ symbol: 'B/USDT', abstained: 'CANDLE_LATE' });
    expect(one.predictions[0]).toMatchObject({ symbol: 'A/USDT' });
    expect(Math.fround(one.predictions[0]!['long'] as number)).toBe(batches[1]!.runs[0]!.probabilities[2]);
    await expect(controller.find({ id: 'none' })).rejects.toMatchObject({ status: 404 });
    await expect(controller.list({ cursor: 'x', limit: '4' })).rejects.toMatchObject({ status: 400 });
    expect(() => controller.list({ colour: 'red' })).rejects.toMatchObject({ status: 400 });
  });

  it('tells how long each stage took', async () => {
    const { service, batches } = await warmed();
    await service.run(interval());
    await saved(service, batches[0]!);
    const latency = new LatencyController(runs);
    const all = (await latency.latency({ timeframe: '1m' })) as {
      runs: number;
      stages_ms: Record<string, Record<string, number>>;
    };
    expect(all.runs).toBe(2);
    for (const { p50, p95, p99, max } of Object.values(all.stages_ms)) {
      expect([p50, p95, p99, max]).toEqual([p50, p95, p99, max].sort((a, b) => a! - b!));
    }
    expect(await latency.latency({ model: 'none', minutes: '5' })).toMatchObject({
      runs: 0,
      stages_ms: { total: { p50: null, max: null } },
    });
  });
});

describe('rows beside those of the training', () => {
  const positive = { edges: [0], shares: [0.5, 0.5] };
  const reference = (limit: number): Reference => ({
    ...{ rows: 1000, features: ROW.features.map(() => positive), outputs: CLASSES.map(() => positive) },
    distance: { limit },
  });

  it('one that is further out than all others abstains, the others answer the same to the bit', async () => {
    const free = await warmed({ OOD_GATE: 'false' });
    await free.service.adopt([{ ...ROW, reference: reference(1e-9) }]);
    await free.service.run(interval());
    const run = free.batches[0]!.runs[0]!;
    expect([...run.answered]).toEqual([1, 1, 1, 1, 1, 1]);
    const width = ROW.features.length;
    const squares = (row: number) => run.topFeatures(row, width).reduce((sum, { zScore }) => sum + zScore ** 2, 0);
    const distances = SYMBOLS.map((_, row) => squares(row) / width);
    const [furthest, next] = distances.toSorted((a, b) => b - a) as [number, number];
    const out = distances.indexOf(furthest);

    const gated = await warmed();
    await gated.service.adopt([{ ...ROW, reference: reference((furthest + next) / 2) }]);
    await gated.service.run(interval());
    const held = gated.batches[0]!.runs[0]!;
    expect([...held.abstentions]).toEqual([[SYMBOLS[out], 'OUT_OF_DISTRIBUTION']]);
    expect([...held.answered]).toEqual(SYMBOLS.map((_, row) => (row === out ? 0 : 1)));
    const others = run.probabilities.map((value, i) => (Math.floor(i / CLASSES.length) === out ? NaN : value));
    expect(held.probabilities).toEqual(others);
    const { rows, absent } = gated.service.latestRows(gated.service.models()[0]!, '1m', SYMBOLS);
    expect([rows, [...absent]]).toEqual([5, [...held.abstentions]]);
    await saved(gated.service, gated.batches[0]!);
    expect(gated.service.status().abstentions.OUT_OF_DISTRIBUTION).toBe(1);
    expect(await runs.list({ limit: 10 })).toMatchObject([{ answered: 5, abstentions: { OUT_OF_DISTRIBUTION: 1 } }]);
  });

  it('are compared with them from 500 on, once a completed run', async () => {
    const { service, batches } = await warmed();
    const reports: DriftReport[] = [];
    service.driftReports.to((report) => void reports.push(report));
    await service.adopt([{ ...ROW, reference: reference(1e9) }, SEQUENCE]);
    const controller = new DriftController(service);
    for (let i = 0; i < 85; i += 1) {
      if (i === 83) {
        const head = { model: 'row', version: '1.0.0', timeframe: '1m' };
        expect(controller.drift({})).toEqual({ data: [], collecting: [{ ...head, rows: 498, rows_needed: 500 }] });
        expect(reports).toEqual([]);
      }
      await service.run(interval(LAST + i * MINUTE));
      await service.complete(batches[i]!);
      service.absorb(SYMBOLS.map((symbol) => candle(symbol, LAST + (i + 1) * MINUTE)));
    }
    expect(reports.map(({ model: { name }, rows }) => [name, rows])).toEqual([
      ['row', 504],
      ['row', 510],
    ]);
    const { data } = controller.drift({ model: 'row@1.0.0' }) as {
      data: [Record<'features' | 'outputs', { psi: number }[]>];
    };
    const psi = data[0].features.map((one) => one.psi);
    expect(psi).toEqual(psi.toSorted((a, b) => b - a));
    expect(psi[0]).toBeGreaterThan(0.25); // a price that stands still for an hour is not half the time below its mean
    expect(data[0].outputs).toHaveLength(CLASSES.length);
    expect(controller.drift({ model: 'sequence' })).toEqual({ data: [], collecting: [] });
    await service.adopt([SEQUENCE]);
    expect(controller.drift({})).toEqual({ data: [], collecting: [] });
  });
});
