import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchInferenceModule } from '../../src/batch-inference/batch-inference.module.js';
import { BatchInferenceService } from '../../src/batch-inference/batch-inference.service.js';
import { AdHocService } from '../../src/batch-inference/ad-hoc/ad-hoc.service.js';
import { FEATURE_NAMES, WARM_UP } from '../../src/batch-inference/features/feature-table.js';
import type { AdHocReport } from '../../src/domain/ad-hoc.js';
import type { CandleColumns } from '../../src/domain/candle.js';
import type { ActiveEnsemble } from '../../src/domain/ensemble.js';
import type { ActiveModel } from '../../src/domain/model.js';
import type { Pair } from '../../src/domain/pair.js';
import { CLASSIFIER } from '../builders/active-model.js';
import { nestApp, type NestApp } from '../builders/nest-app.js';
import { writeNet } from '../builders/onnx-model.js';
import { freshDatabase } from '../builders/postgres.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5);
const FEATURES = 12;
const folder = mkdtempSync(join(tmpdir(), 'predict-'));
const model = (name: string, window = 1, extra: Partial<ActiveModel> = {}): ActiveModel => ({
  ...{ name, version: '1.0.0', file: join(folder, `${name}.onnx`), timeframes: ['1m'], window, ...CLASSIFIER },
  ...{ input: 'x', output: 'probabilities', variant: { engine: 'onnx', provider: 'cpu', precision: 'full' } },
  features: FEATURE_NAMES.slice(0, FEATURES).map((feature) => ({ name: feature, mean: 0, std: 1, importance: 0 })),
  ...extra,
});
const models = [
  model('row'),
  model('row', 1, { version: '2.0.0', role: 'standby' }),
  model('sequence', 4),
  model('slow'),
];

function history(symbol: Pair, length: number): CandleColumns {
  const phase = symbol.charCodeAt(0);
  const column = (value: (i: number) => number) => Float64Array.from({ length }, (_, i) => value(i));
  const price = (i: number) => 100 + 5 * Math.sin((i + phase) / 37) + Math.sin((i * phase) % 11);
  return {
    ...{ symbol, timeframe: '1m', openTime: column((i) => START + i * MINUTE), open: column((i) => price(i - 1)) },
    ...{ high: column((i) => Math.max(price(i), price(i - 1)) + 0.3), close: column(price) },
    ...{ low: column((i) => Math.min(price(i), price(i - 1)) - 0.3), volume: column((i) => 100 + ((i * 31) % 53)) },
  };
}

let db: Awaited<ReturnType<typeof freshDatabase>>;
let server: NestApp;
let inference: BatchInferenceService;
const reports: AdHocReport[] = [];

beforeAll(async () => {
  writeNet(join(folder, 'row.onnx'), { features: FEATURES, hidden: 16, layers: 1 });
  writeNet(join(folder, 'sequence.onnx'), { features: FEATURES, window: 4, hidden: 16, layers: 1, seed: 9 });
  writeNet(join(folder, 'slow.onnx'), { features: FEATURES, hidden: 1024, layers: 8, seed: 5 });
  db = await freshDatabase();
  const environment = { INFERENCE_WORKERS: '1', INFERENCE_TIMEOUT: '30', AD_HOC_QUEUE_ROWS: '64' };
  server = await nestApp([BatchInferenceModule], db.dataSource, environment);
  inference = server.app.get(BatchInferenceService, { strict: false });
  server.app.get(AdHocService, { strict: false }).reports.tap((report) => void reports.push(report), console.error);
});
afterAll(async () => {
  await inference.stop();
  await server.close();
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, never>;
}
async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Said> {
  const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const init = {
    method: 'POST',
    body: raw as NonNullable<RequestInit['body']>,
    headers: { 'content-type': 'application/json', ...headers },
  };
  const response = await server.request(path, init);
  return { status: response.status, headers: response.headers, body: (await response.json()) as Said['body'] };
}
const predict = (body: unknown, headers?: Record<string, string>) => post('/api/v1/predict', body, headers);
const infer = (name: string, body: unknown, headers?: Record<string, string>) =>
  post(`/v2/models/${name}/infer`, body, headers);
const row = (value: number) => Array.from({ length: FEATURES }, (_, i) => Math.fround(value + i / 10));
const tensor = (rows: number[][], more: object = {}) => ({
  inputs: [{ name: 'x', shape: [rows.length, FEATURES], datatype: 'FP32', data: rows.flat(), ...more }],
});

describe('before any model is loaded', () => {
  it('the process lives, and is not ready', async () => {
    expect((await fetch(`${server.url}/v2/health/live`)).status).toBe(200);
    expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(503);
    expect(await predict({ model: 'row', rows: [row(0)] })).toMatchObject({
      status: 404,
      body: { code: 'MODEL_UNKNOWN' },
    });
  });
});

describe('once models are loaded', () => {
  beforeAll(async () => {
    await inference.start();
    await inference.adopt(models);
    inference.warmUp(history('A/USDT', WARM_UP + 10));
    inference.warmUp(history('B/USDT', WARM_UP + 10));
    inference.warmUp(history('YOUNG/USDT', 10));
    while (inference.status().candlesAbsorbed < 2 * WARM_UP + 30) await new Promise(setImmediate);
  });

  it('the server is ready', async () => {
    expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(200);
  });

  it('rows are answered by class, with what each part took', async () => {
    const { status, body } = await predict({ model: 'row', rows: [row(0), row(1)] });
    expect(status).toBe(200);
    expect(body).toMatchObject({ model: 'row@1.0.0', engine: 'onnx/cpu', rows: 2 });
    for (const { short, flat, long } of body['predictions'] as Record<string, number>[])
      expect(short! + flat! + long!).toBeCloseTo(1, 5);
    expect(Object.keys(body['timings_ms'] as object)).toEqual(['decode', 'queue', 'inference', 'total']);
  });

  it('an ensemble is asked about series, of which its members read the newest rows', async () => {
    const [one, other] = [
      { name: 'row', version: '1.0.0', weight: 1 },
      { name: 'sequence', version: '1.0.0', weight: 1 },
    ];
    const blend: ActiveEnsemble = {
      ...{ name: 'blend', version: '1.0.0', timeframes: ['1m'], ...CLASSIFIER },
      ensemble: { method: 'weighted_vote', members: [one!, other!], minMembers: 2 },
    };
    await inference.adopt([...models, blend]);
    const series = { timeframe: '1m', symbols: ['A/USDT', 'YOUNG/USDT'] };
    const said = await predict({ model: 'blend', ...series });
    expect(said).toMatchObject({
      status: 200,
      body: {
        ...{ model: 'blend@1.0.0', engine: 'weighted_vote', rows: 1 },
        ...{ predictions: [{ symbol: 'A/USDT' }], absent: [{ symbol: 'YOUNG/USDT', reason: 'WARMING_UP' }] },
      },
    });
    const members = await Promise.all(['row@1.0.0', 'sequence'].map((model) => predict({ model, ...series })));
    const longs = [...members, said].map(({ body }) => (body['predictions'] as { long: number }[])[0]!.long);
    expect(longs[2]).toBeCloseTo((longs[0]! + longs[1]!) / 2, 6);
    expect(await predict({ model: 'blend', rows: [row(0)] })).toMatchObject({
      status: 400,
      body: { code: 'ENSEMBLE_READS_SERIES' },
    });
    expect(await predict({ model: 'blend', ...series, timeframe: '1h' })).toMatchObject({
      status: 400,
      body: { code: 'TIMEFRAME_NOT_SERVED' },
    });
    expect((await infer('blend', tensor([row(0)]))).body['error']).toMatch(/^MODEL_NOT_READY: .*\/api\/v1\/predict/);
    await inference.adopt(models);
  });

  it('a version may be named, and windows brought', async () => {
    expect((await predict({ model: 'row@2.0.0', rows: [row(0)] })).body).toMatchObject({ model: 'row@2.0.0' });
    const window = [row(0), row(1), row(2), row(3)];
    expect(await predict({ model: 'sequence', rows: [window] })).toMatchObject({ status: 200, body: { rows: 1 } });
  });

  it('both doors give the same numbers', async () => {
    const rows = [row(0.3), row(-2)];
    const { body } = await predict({ model: 'row', rows });
    const rest = (body['predictions'] as Record<string, number>[]).flatMap(({ short, flat, long }) => [
      short,
      flat,
      long,
    ]);
    const { body: answer } = await infer('row', tensor(rows));
    expect(answer).toMatchObject({
      model_name: 'row',
      model_version: '1.0.0',
      outputs: [{ data: rest, shape: [2, 3] }],
    });
  });

  it('a row without an answer abstains here, and is refused in JSON there', async () => {
    const rows = [row(0), [null, ...row(0).slice(1)]];
    const { body } = await predict({ model: 'row', rows });
    expect(body['predictions']).toMatchObject([{ short: expect.any(Number) }, { abstained: 'BAD_ANSWER' }]);
    const written = JSON.stringify(tensor([row(0)])).replace('"data":[0,', '"data":[NaN,');
    const { status, body: refused } = await infer('row', written);
    expect({ status, error: refused['error'] }).toEqual({
      status: 422,
      error: expect.stringMatching(/^NOT_FINITE: .*row 0.*binary/),
    });
  });

  it('series are answered by their newest candle, or say why not', async () => {
    const symbols = ['A/USDT', 'busdt', 'YOUNG/USDT', 'NEVER/USDT'];
    const { status, body } = await predict({ model: 'sequence', timeframe: '1m', symbols });
    const open_time = new Date(START + (WARM_UP + 9) * MINUTE).toISOString();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      predictions: ['A/USDT', 'B/USDT'].map((symbol) => ({ symbol, open_time, long: expect.any(Number) })),
      absent: [
        { symbol: 'YOUNG/USDT', reason: 'WARMING_UP' },
        { symbol: 'NEVER/USDT', reason: 'CANDLE_MISSING' },
      ],
    });
    const { body: nobody } = await predict({ model: 'row', timeframe: '1m', symbols: ['NEVER/USDT'] });
    expect(nobody).toMatchObject({ rows: 0, engine: null, predictions: [], absent: [{ reason: 'CANDLE_MISSING' }] });
  });

  it.each<[string, unknown, number, string, string | undefined]>([
    ['no JSON', '{"model":', 400, 'INVALID_REQUEST', 'body.model'],
    ['nothing', '', 400, 'INVALID_REQUEST', 'body'],
    ['a short row', { model: 'row', rows: [row(0), [1]] }, 400, 'INVALID_REQUEST', 'body.rows.1'],
    ['short rows', { model: 'row', rows: [[1]] }, 400, 'SHAPE_MISMATCH', 'body.rows'],
    ['too many rows', { model: 'row', rows: Array(65).fill(row(0)) }, 400, 'TOO_MANY_ROWS', 'body.rows'],
    ['an unknown model', { model: 'nobody', rows: [row(0)] }, 404, 'MODEL_UNKNOWN', undefined],
    ['an unknown version', { model: 'row@3.0.0', rows: [row(0)] }, 404, 'MODEL_UNKNOWN', undefined],
    [
      'a timeframe of others',
      { model: 'row', timeframe: '1h', symbols: ['A/USDT'] },
      400,
      'TIMEFRAME_NOT_SERVED',
      'body.timeframe',
    ],
    ['megabytes', { model: 'row', rows: Array(80_000).fill(row(1 / 3)) }, 413, 'BODY_TOO_LARGE', undefined],
  ])('%s is refused by code and field', async (_, body, status, code, field) => {
    const { status: found, body: problem } = await predict(body);
    expect([found, problem['code']]).toEqual([status, code]);
    expect((problem['faults'] as { field: string }[] | undefined)?.[0]?.field).toBe(field);
  });

  it('a body of any type, or of none, is read; packed ones too', async () => {
    const body = tensor([row(0)]);
    for (const type of ['application/octet-stream', 'text/plain', 'application/x-www-form-urlencoded'])
      expect((await infer('row', body, { 'content-type': type })).status).toBe(200);
    const packed = gzipSync(JSON.stringify(body));
    expect((await infer('row', packed, { 'content-encoding': 'gzip' })).status).toBe(200);
    expect(await infer('row', packed.subarray(0, 30), { 'content-encoding': 'gzip' })).toMatchObject({ status: 400 });
    expect(await infer('row', packed, { 'content-encoding': 'br' })).toMatchObject({ status: 415 });
    const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20));
    expect(await infer('row', bomb, { 'content-encoding': 'gzip' })).toMatchObject({ status: 413 });
  });

  it('a binary tensor that claims what is not there is refused before anything is made for it', async () => {
    const json = JSON.stringify({
      inputs: [{ name: 'x', shape: [1e9, FEATURES], datatype: 'FP32', parameters: { binary_data_size: 48e9 } }],
    });
    const headers = { 'inference-header-content-length': String(json.length) };
    expect((await infer('row', json, headers)).body['error']).toMatch(/^TOO_MANY_ROWS: .*body\.inputs\.0\.shape/);
    expect((await infer('row', json, { 'inference-header-content-length': '1e9' })).body['error']).toMatch(
      /^HEADER_LENGTH_INVALID/,
    );
  });

  it('without a key there is no answer, in the words of either door', async () => {
    const init = { method: 'POST', body: '{}', headers: { authorization: 'Bearer none' } };
    const rest = await fetch(`${server.url}/api/v1/predict`, init);
    expect([rest.status, await rest.json()]).toMatchObject([401, { code: 'UNAUTHORIZED' }]);
    const protocol = await fetch(`${server.url}/v2/models/row/infer`, init);
    expect([protocol.status, await protocol.json()]).toEqual([
      401,
      { error: expect.stringMatching(/^UNAUTHORIZED: /) },
    ]);
    const nowhere = await server.request('/v2/nowhere');
    expect([nowhere.status, await nowhere.json()]).toEqual([404, { error: expect.stringMatching(/^NOT_FOUND: /) }]);
  });

  it.each(['/api/v1/predict', '/v2/models/row/infer'])(
    '%s without a key is refused before its body came',
    async (path) => {
      const headers = { 'content-length': String(2 ** 20) };
      const refused = await new Promise<number | undefined>((resolve, reject) => {
        const request = httpRequest(`${server.url}${path}`, { method: 'POST', headers }, ({ statusCode }) => {
          resolve(statusCode);
          request.destroy();
        });
        request.on('error', reject);
        request.write('{');
      });
      expect(refused).toBe(401);
    },
  );

  it('under overload some are turned away with the time to come again, and everyone else is answered', async () => {
    const rows = Array(24).fill(row(0.5)) as number[][];
    const said = await Promise.all(Array.from({ length: 40 }, () => predict({ model: 'slow', rows })));
    const turnedAway = said.filter(({ status }) => status === 503);
    expect(said.filter(({ status }) => status === 200).length).toBe(said.length - turnedAway.length);
    expect(turnedAway.length).toBeGreaterThan(0);
    for (const { headers, body } of turnedAway) {
      expect(body).toMatchObject({ code: 'QUEUE_FULL', retry_after_ms: expect.any(Number) });
      expect(Number(headers.get('retry-after'))).toBe(Math.ceil(Number(body['retry_after_ms']) / 1000));
    }
    expect((await predict({ model: 'slow', rows })).status).toBe(200);
  });

  it('a timeout that cannot be met is refused at once', async () => {
    const { status, body } = await predict({ model: 'slow', rows: [row(0)], timeout_ms: 0.001 });
    expect([status, body['code']]).toEqual([503, 'DEADLINE_UNREACHABLE']);
    const { body: protocol } = await infer('slow', { ...tensor([row(0)]), parameters: { timeout: 1 } });
    expect(protocol['error']).toMatch(/^DEADLINE_UNREACHABLE: /);
  });

  it('who goes before the answer no longer waits in line', async () => {
    const rows = Array(24).fill(row(0.5)) as number[][];
    const headers = { authorization: `Bearer ${server.key}` };
    const abandoned = () => reports.some(({ outcome }) => outcome === 'ABANDONED');
    // Whether it goes in time is a race; somebody does, sooner or later.
    while (!abandoned()) {
      const busy = [1, 2].map(() => predict({ model: 'slow', rows }));
      const leaving = httpRequest(`${server.url}/api/v1/predict`, { method: 'POST', headers });
      leaving.on('error', () => undefined).end(JSON.stringify({ model: 'slow', rows: rows.slice(0, 5) }));
      await busy[0];
      leaving.destroy();
      expect(await busy[1]).toMatchObject({ status: 200 });
    }
    expect(reports.find(({ outcome }) => outcome === 'ABANDONED')).toMatchObject({ rows: 5 });
  });

  it('what was asked is counted a version', async () => {
    const statistics = async () => {
      const { model_stats } = await server.json<{
        model_stats: { inference_count: number; execution_count: number }[];
      }>('/v2/models/row/versions/2.0.0/stats');
      return model_stats[0]!;
    };
    const before = await statistics();
    await infer('row/versions/2.0.0', tensor([row(0), row(1), row(2)]));
    const after = await statistics();
    expect(after.inference_count - before.inference_count).toBe(3);
    expect(after.execution_count - before.execution_count).toBe(1);
    const { model_stats: both } = await server.json<{ model_stats: object[] }>('/v2/models/row/stats');
    expect(both).toMatchObject([{ version: '1.0.0' }, { version: '2.0.0' }]);
  });
});

it('the API’s documentation shows how to ask', async () => {
  const { paths } = await server.json<{ paths: Record<string, object> }>('/docs-json');
  expect(paths['/api/v1/predict']).toHaveProperty('post.requestBody');
  expect(paths['/v2/models/{name}/infer']).toHaveProperty('post');
});
