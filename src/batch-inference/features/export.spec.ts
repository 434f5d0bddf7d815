import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportRows } from './export.js';
import { CandleFileRefused, exportFeatures } from './feature-export.job.js';
import { FEATURE_HASH, FEATURE_NAMES, WARM_UP } from './feature-table.js';
import { randomWalk, type Walk } from './random-walk.js';

const WIDTH = FEATURE_NAMES.length;

describe('exportRows', () => {
  it('gives one row a warm candle, with the candle it belongs to', () => {
    const walk = randomWalk(7, WARM_UP + 9, '1h');
    const { rows, openTime, close, atr, gaps } = exportRows(walk);
    expect([openTime.length, rows.length, atr.length, gaps]).toEqual([10, 10 * WIDTH, 10, 0]);
    expect(openTime[0]).toBe(walk.openTime[WARM_UP - 1]);
    expect([...close]).toEqual([...walk.close.subarray(WARM_UP - 1)]);
    expect(atr.every((value) => value > 0)).toBe(true);
  });

  it('warms up again after a gap', () => {
    const walk = without(randomWalk(7, 2 * WARM_UP + 20, '1h'), WARM_UP + 5);
    const { openTime, gaps } = exportRows(walk);
    expect(gaps).toBe(1);
    expect(openTime.length).toBe(6 + 15);
    expect(openTime[6]).toBe(walk.openTime[WARM_UP + 5 + WARM_UP - 1]);
  });
});

describe('exportFeatures', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'features-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('writes float32 rows and float64 columns that numpy reads, and one index', async () => {
    const walk = randomWalk(9, WARM_UP + 4, '5m');
    await writeFile(join(folder, 'BTCUSDT-5m.csv.gz'), gzipSync(csv(walk)));
    await writeFile(join(folder, 'BTCUSDT-3m.csv'), csv(walk));
    const output = join(folder, 'out');
    const index = await exportFeatures({ input: [folder], output });

    expect(JSON.parse(await readFile(join(output, 'index.json'), 'utf8'))).toEqual(index);
    expect(index.feature_hash).toBe(FEATURE_HASH);
    expect(index.skipped.map(({ reason }) => reason)).toEqual(["timeframe '3m' is not served"]);
    expect(index.series).toMatchObject([{ symbol: 'BTC/USDT', timeframe: '5m', rows: 5, gaps: 0, refused: 0 }]);
    const bytes = await readFile(join(output, 'BTCUSDT-5m.f32'));
    const wanted = exportRows(walk);
    expect(Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i))).toEqual([...wanted.rows]);
    const columns = await readFile(join(output, 'BTCUSDT-5m.f64'));
    expect(columns.length).toBe(6 * 5 * 8);
    expect(columns.readDoubleLE(0)).toBe(wanted.openTime[0]);
    expect(columns.readDoubleLE(5 * 5 * 8)).toBe(wanted.atr[0]);
  });

  it('leaves an impossible candle out, which makes a gap', async () => {
    const walk = randomWalk(9, WARM_UP + 4, '5m');
    walk.high[WARM_UP + 1] = walk.low[WARM_UP + 1] / 2;
    await writeFile(join(folder, 'BTCUSDT-5m.csv'), csv(walk));
    const index = await exportFeatures({ input: [join(folder, 'BTCUSDT-5m.csv')], output: folder });
    expect(index.series).toMatchObject([{ rows: 2, gaps: 1, refused: 1 }]);
  });

  it.each([
    ['another header', 'time,open\n1,2\n', /header is not/],
    ['a short line', 'timestamp_ms,open,high,low,close,volume\n1,2,3\n', /line 2 has not six values/],
  ])('refuses a file with %s by name', async (_, text, message) => {
    const file = join(folder, 'BTCUSDT-5m.csv');
    await writeFile(file, text);
    const refused = exportFeatures({ input: [file], output: folder });
    await expect(refused).rejects.toThrow(CandleFileRefused);
    await expect(refused).rejects.toThrow(message);
  });
});

function without(walk: Walk, index: number): Walk {
  const cut = (column: Float64Array) => column.filter((_, i) => i !== index);
  const { openTime, open, high, low, close, volume } = walk;
  return {
    ...walk,
    openTime: cut(openTime),
    open: cut(open),
    high: cut(high),
    low: cut(low),
    close: cut(close),
    volume: cut(volume),
  };
}

function csv({ openTime, open, high, low, close, volume }: Walk): string {
  const lines = Array.from(openTime, (t, i) => [t, open[i], high[i], low[i], close[i], volume[i]].join(','));
  return `timestamp_ms,open,high,low,close,volume\n${lines.join('\n')}\n`;
}
