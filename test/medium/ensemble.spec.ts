import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdHocService } from '../../src/batch-inference/ad-hoc/ad-hoc.service.js';
import { BatchInferenceService } from '../../src/batch-inference/batch-inference.service.js';
import { WARM_UP } from '../../src/batch-inference/features/feature-table.js';
import { EnsembleDesk } from '../../src/batch-inference/predict/ensemble-desk.service.js';
import { PredictDesk } from '../../src/batch-inference/predict/predict-desk.service.js';
import { RunController } from '../../src/batch-inference/runs/run.controller.js';
import { RunRepository } from '../../src/batch-inference/runs/run.repository.js';
import { WorkerPool } from '../../src/batch-inference/pool/worker-pool.service.js';
import type { CandleColumns } from '../../src/domain/candle.js';
import type { Interval } from '../../src/domain/interval.js';
import type { Pair } from '../../src/domain/pair.js';
import type { ModelRun, PredictionBatch } from '../../src/domain/prediction.js';
import { LineageRepository } from '../../src/monitoring/lineage.repository.js';
import { lineageDto } from '../../src/monitoring/lineage.dto.js';
import { ExchangeClock } from '../../src/platform/exchange.clock.js';
import { decide, NOTHING } from '../../src/strategy/decide.js';
import { compiled } from '../builders/compiled.js';
import {
  ALL,
  ensemble,
  folder,
  GATE,
  GONE,
  META,
  REGIME,
  REGIMES,
  ROW,
  SEQUENCE,
  stack,
  vote,
  writeNets,
} from '../builders/ensemble-cast.js';
import { settingsOf } from '../builders/nest-app.js';
import { freshDatabase } from '../builders/postgres.js';
import { weight } from '../builders/small-nets.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5);
const CANDLES = WARM_UP + 40;
const LAST = START + (CANDLES - 1) * MINUTE;
const SYMBOLS: Pair[] = ['A/USDT', 'B/USDT', 'C/USDT', 'D/USDT', 'E/USDT', 'F/USDT'];

const code = compiled('batch-inference', 'engines', 'domain', 'platform');
const clock = new ExchangeClock(1);

/** A walk of its own for each symbol, the same on every machine. */
function history(symbol: Pair, length = CANDLES): CandleColumns {
  const phase = symbol.charCodeAt(0);
  const from = CANDLES - length;
  const column = (value: (i: number) => number) => Float64Array.from({ length }, (_, i) => value(from + i));
  const price = (i: number) => 100 + phase / 10 + 5 * Math.sin((i + phase) / 37) + Math.sin((i * phase) % 11);
  return {
    ...{ symbol, timeframe: '1m', openTime: column((i) => START + i * MINUTE), open: column((i) => price(i - 1)) },
    high: column((i) => Math.max(price(i), price(i - 1)) + 0.3),
    low: column((i) => Math.min(price(i), price(i - 1)) - 0.3),
    ...{ close: column(price), volume: column((i) => 100 + ((i * 31 + phase) % 53)) },
  };
}
const interval = (): Interval => ({
  ...{ timeframe: '1m', openTime: LAST, symbols: SYMBOLS, absent: new Map([['F/USDT', 'CANDLE_MISSING']]) },
  ...{ exchangeClosedAt: clock.wallNow() - 20, receivedAt: clock.wallNow() - 10 },
});

let db: Awaited<ReturnType<typeof freshDatabase>>;
let runs: RunRepository;
let service: BatchInferenceService;
let desk: EnsembleDesk;
const batches: PredictionBatch[] = [];

beforeAll(writeNets);
beforeEach(async () => {
  db = await freshDatabase();
  runs = new RunRepository(db.database);
  const entry = pathToFileURL(join(code.src, 'batch-inference/pool/inference.worker.js'));
  const pool = new WorkerPool({ workers: 2, timeoutMs: 60_000, entry });
  const settings = settingsOf({ BATCH_SIZE: '2', INFERENCE_TIMEOUT: '60' });
  service = new BatchInferenceService(settings, clock, pool, runs);
  const adHoc = new AdHocService(settings, clock, service, pool);
  desk = new EnsembleDesk(clock, adHoc, service, new PredictDesk(settings, clock, adHoc, service));
  service.predictions.to((batch) => void batches.push(batch));
  await service.start();
  SYMBOLS.forEach((symbol) => service.warmUp(history(symbol)));
});
afterEach(async () => {
  batches.length = 0;
  await service.stop();
  await db.close();
});
afterAll(() => {
  code.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** @returns the batch, and its runs by model name */
async function ran(...activations: Parameters<BatchInferenceService['adopt']>[0]) {
  await service.adopt(activations);
  await service.run(interval());
  const batch = batches.at(-1)!;
  return { batch, of: Object.fromEntries(batch.runs.map((run) => [run.model.name, run])) as Record<string, ModelRun> };
}
async function saved(batch: PredictionBatch): Promise<void> {
  service.stamp(batch, 'decided');
  await service.record(batch);
  await service.complete(batch);
}
const answer = ({ probabilities, columns, answered, abstentions }: ModelRun, row: number) =>
  answered[row] === 1 ? [...probabilities.slice(row * columns, (row + 1) * columns)] : abstentions.get(SYMBOLS[row]!);
const answers = (run: ModelRun) => SYMBOLS.map((_, row) => answer(run, row));
const near = (values: number[]) => values.map((value) => expect.closeTo(value, 6) as number);

describe('an ensemble that is asked beside the loop', () => {
  const asked = (symbols: readonly Pair[], signal = new AbortController().signal) => ({
    ...{ timeframe: '1m' as const, symbols, arrived: clock.wallNow(), timeoutMs: undefined, signal },
  });

  it.each([
    ['a vote', vote(2, ['row', 3], ['sequence', 1])],
    ['a vote that hears who is there', vote(1, ['row', 3], ['brittle', 1], ['gone', 2])],
    ['a vote that wants all', vote(2, ['row', 3], ['gone', 2])],
    ['a stack', stack(2, ['row', 3], ['regime', 4])],
    ['a stack that lacks answers', stack(1, ['brittle', 3], ['regime', 4])],
    ['a gate', GATE],
  ])('%s answers as in a run, to the bit, and says why where it does not', async (_, plan) => {
    const { batch, of } = await ran(...ALL, ensemble(plan));
    const symbols: Pair[] = ['A/USDT', 'B/USDT', 'C/USDT', 'D/USDT', 'E/USDT', 'NONE/USDT'];
    const found = desk.find('blend')!;
    const { output, series, engine } = await desk.ask(found, asked(symbols));
    expect(engine).toBe(of['blend']!.engine);
    const said = symbols.map((symbol) => {
      const row = series.packed.indexOf(symbol);
      return row < 0 ? series.absent.get(symbol) : [...output.subarray(row * 3, row * 3 + 3)];
    });
    expect(said).toEqual([...answers(of['blend']!).slice(0, 5), 'CANDLE_MISSING']);
    expect(new Set(series.openTimes)).toEqual(series.packed.length > 0 ? new Set([batch.openTime]) : new Set());
  });

  it('is found by its version, or by its name where it serves; a model is none', async () => {
    await service.adopt([...ALL, ensemble(vote(1, ['row', 1]))]);
    expect(desk.find('blend', '1.0.0')).toBe(desk.find('blend'));
    expect([desk.find('blend', '2.0.0'), desk.find('row'), desk.find('nobody')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is refused whole where a member is not asked any more', async () => {
    await service.adopt([...ALL, ensemble(vote(1, ['row', 1], ['sequence', 1]))]);
    const gone = asked(['A/USDT'], AbortSignal.abort());
    await expect(desk.ask(desk.find('blend')!, gone)).rejects.toMatchObject({ code: 'ABANDONED' });
  });
});

describe('an ensemble in a run', () => {
  it('is the vote of its members: each runs once, only the ensemble has a vote', async () => {
    const { batch, of } = await ran(...ALL, ensemble(vote(2, ['row', 3], ['sequence', 1])));
    expect(batch.runs.map(({ model: { name }, role, voting }) => [name, role, voting[0]])).toEqual([
      ['row', 'member', 0],
      ['sequence', 'member', 0],
      ['blend', 'active', 1],
    ]);
    const [row, sequence] = [answers(of['row']!), answers(of['sequence']!)] as number[][][];
    answers(of['blend']!).forEach((one, i) => {
      if (SYMBOLS[i] === 'F/USDT') return expect(one).toBe('CANDLE_MISSING');
      expect(one).toEqual(near(row![i]!.map((p, column) => (3 * p + sequence![i]![column]!) / 4)));
    });
  });

  it('spans the time that its members took, and names the features that moved them', async () => {
    const { of } = await ran(...ALL, ensemble(vote(2, ['row', 3], ['sequence', 1])));
    const { moments, engine, topFeatures } = of['blend']!;
    const members = [of['row']!.moments, of['sequence']!.moments];
    expect(engine).toBe('weighted_vote');
    expect(moments.inferring).toBe(Math.min(...members.map(({ inferring }) => inferring!)));
    expect(moments.inferred).toBeGreaterThanOrEqual(Math.max(...members.map(({ inferred }) => inferred!)));
    const stamps = [moments.received, moments.started, moments.featured, moments.inferring, moments.inferred];
    expect(stamps).toEqual(stamps.toSorted((a, b) => a! - b!));
    expect(topFeatures(0, 3)).toHaveLength(3);
  });

  it('uses the run of a version that serves by itself', async () => {
    const serving = { ...ROW, role: 'active', timeframes: ['1m'] } as const;
    const { batch } = await ran(serving, SEQUENCE, ensemble(vote(1, ['row', 1], ['sequence', 1])));
    expect(batch.runs.map(({ model: { name }, role, voting }) => [name, role, voting[0]])).toEqual([
      ['row', 'active', 1],
      ['sequence', 'member', 0],
      ['blend', 'active', 1],
    ]);
  });

  it('stacks: its meta model reads the members side by side, whatever they answer', async () => {
    const { batch, of } = await ran(...ALL, ensemble(stack(2, ['row', 3], ['regime', 4])));
    expect(batch.runs.map(({ model: { name } }) => name)).toEqual(['row', 'regime', 'blend']);
    expect(of['regime']!).toMatchObject({ columns: 4, classes: REGIMES });
    const w = noiseOf(META.features.length);
    answers(of['blend']!).forEach((one, i) => {
      if (SYMBOLS[i] === 'F/USDT') return expect(one).toBe('CANDLE_MISSING');
      const inputs = [...(answer(of['row']!, i) as number[]), ...(answer(of['regime']!, i) as number[])];
      expect(one).toEqual(
        near(softmax([0, 1, 2].map((c) => inputs.reduce((sum, x, k) => sum + x * w[k * 3 + c]!, 0)))),
      );
    });
    expect(of['blend']!.engine).toBe('stacking/onnx/cpu');
    expect(of['blend']!.topFeatures(0, 3)).toEqual([]);
  });

  it('lets the member of the most probable regime answer; one that fails elsewhere is of no matter', async () => {
    const { of } = await ran(...ALL, ensemble(GATE));
    expect(answers(of['brittle']!).map((one) => typeof one === 'string')).toEqual([
      false,
      false,
      true,
      false,
      true,
      true,
    ]);
    expect(answers(of['blend']!)).toEqual([
      'NO_MEMBER',
      answer(of['row']!, 1),
      answer(of['row']!, 2),
      answer(of['sequence']!, 3),
      'MEMBER_FAILED',
      'CANDLE_MISSING',
    ]);
    expect(of['blend']!.topFeatures(3, 3)).toEqual(of['sequence']!.topFeatures(3, 3));
  });
});

function noiseOf(width: number): Float32Array {
  const raw = weight('w', [width, 3], 8).raw_data!;
  return new Float32Array(Uint8Array.from(raw).buffer);
}
function softmax(scores: number[]): number[] {
  const sum = scores.reduce((total, one) => total + Math.exp(one), 0);
  return scores.map((one) => Math.exp(one) / sum);
}

describe('a member that fails', () => {
  it('for some rows: the ensemble abstains in those, or goes on with the others, as its policy says', async () => {
    const strict = await ran(...ALL, ensemble(vote(2, ['row', 1], ['brittle', 1])));
    const failed = answers(strict.of['brittle']!).map((one) => one === 'BAD_ANSWER');
    expect(failed).toEqual([false, false, true, false, true, false]);
    answers(strict.of['blend']!).forEach((one, i) => failed[i] && expect(one).toBe('MEMBER_FAILED'));
    const lenient = await ran(...ALL, ensemble(vote(1, ['row', 1], ['brittle', 1])));
    answers(lenient.of['blend']!).forEach((one, i) => {
      if (failed[i]) expect(one).toEqual(answer(lenient.of['row']!, i));
      else expect(one).toEqual(answer(strict.of['blend']!, i));
    });
  });

  it('for some rows: a meta model that takes missing values reads NaN for it, where the policy goes on', async () => {
    const plan = (least: number) => stack(least, ['brittle', 3], ['regime', 4]);
    const strict = await ran(...ALL, ensemble(plan(2)));
    const failed = answers(strict.of['brittle']!).map((one) => one === 'BAD_ANSWER');
    answers(strict.of['blend']!).forEach((one, i) => failed[i] && expect(one).toBe('MEMBER_FAILED'));
    const lenient = await ran(...ALL, ensemble(plan(1)));
    answers(lenient.of['blend']!).forEach((one, i) => {
      if (failed[i]) expect(one).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)]);
      else expect(one).toEqual(answer(strict.of['blend']!, i));
    });
  });

  it('altogether: its engine refused it', async () => {
    const strict = await ran(ROW, GONE, ensemble(vote(2, ['row', 1], ['gone', 1])));
    expect(answers(strict.of['blend']!)).toEqual([...Array<string>(5).fill('MEMBER_FAILED'), 'CANDLE_MISSING']);
    const lenient = await ran(ROW, GONE, ensemble(vote(1, ['row', 1], ['gone', 1])));
    expect(answers(lenient.of['blend']!)).toEqual(answers(lenient.of['row']!));
    const unjudged = await ran(ROW, REGIME, ensemble(stack(2, ['row', 3], ['regime', 4])));
    expect(answers(unjudged.of['blend']!)).toEqual([...Array<string>(5).fill('MEMBER_FAILED'), 'CANDLE_MISSING']);
  });

  it('because it is young: the ensemble warms up with it', async () => {
    service.warmUp(history('A/USDT', WARM_UP + 3));
    const { of } = await ran(...ALL, ensemble(vote(2, ['row', 1], ['sequence', 1])));
    expect(answer(of['row']!, 0)).toHaveLength(3);
    expect(answer(of['blend']!, 0)).toBe('WARMING_UP');
  });
});

describe('the record of an ensemble', () => {
  it('names its members by run, and shows what each said of every symbol', async () => {
    const { batch } = await ran(...ALL, ensemble(GATE));
    await saved(batch);
    await saved(batch);
    const one = (await new RunController(runs).find({ id: `blend@1.0.0/1m/${LAST}` })) as {
      made_of: object;
      predictions: { symbol: string; members: object[] }[];
    };
    expect(one).toMatchObject({ model: 'blend', role: 'active', engine: 'regime_gate', rows: 6 });
    const id = (name: string) => `${name}@1.0.0/1m/${LAST}`;
    expect(one.made_of).toEqual({
      method: 'regime_gate',
      members: [
        { run_id: id('regime'), part: 'gate', weight: null, regime: null },
        { run_id: id('row'), part: 'member', weight: null, regime: 'bull' },
        { run_id: id('brittle'), part: 'member', weight: null, regime: 'bear' },
        { run_id: id('sequence'), part: 'member', weight: null, regime: 'sideways' },
      ],
      meta: null,
    });
    const number = expect.any(Number) as number;
    expect(one.predictions[0]!.members.slice(0, 2)).toEqual([
      { run_id: id('regime'), outputs: { bull: number, bear: number, sideways: number, volatile: number } },
      { run_id: id('row'), short: number, flat: number, long: number },
    ]);
    const absent = { symbol: 'F/USDT', abstained: 'CANDLE_MISSING' };
    expect(one.predictions[5]).toMatchObject({ ...absent, members: Array(4).fill({ abstained: 'CANDLE_MISSING' }) });
  });

  it('is part of the lineage of a signal that came of it', async () => {
    const { batch } = await ran(...ALL, ensemble(vote(2, ['row', 3], ['sequence', 1])));
    const policy = {
      minConfidence: 0,
      minEdge: 0,
      minAgreement: 1,
      cooldownCandles: 0,
      stopLossAtr: 1,
      takeProfitAtr: 1,
    };
    const [signal] = decide(batch, policy, NOTHING).signals;
    expect(signal!.because.models.map(({ model: name }) => name)).toEqual(['blend@1.0.0']);
    await saved(batch);
    const lineage = lineageDto(signal!, await new LineageRepository(db.database, settingsOf()).of(signal!));
    const said = { short: expect.any(Number) as number, flat: expect.any(Number) as number };
    expect(lineage.runs).toMatchObject([
      {
        ...{ model: 'blend', probabilities: said, made_of: { method: 'weighted_vote' } },
        members: [
          { model: 'row', weight: 3, probabilities: said, abstained: null },
          { model: 'sequence', weight: 1, probabilities: said },
        ],
      },
    ]);
  });

  it('tells what serves and what of it the engine refused', async () => {
    await service.adopt([ROW, GONE, ensemble(vote(1, ['row', 1], ['gone', 1]))]);
    expect(service.status()).toMatchObject({
      models: [{ model: 'row@1.0.0' }],
      ensembles: [{ model: 'blend@1.0.0', engine: 'weighted_vote', timeframes: ['1m'] }],
      refused: [{ model: 'gone@1.0.0' }],
    });
  });
});
