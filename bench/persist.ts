import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DataSource, EntitySchema } from 'typeorm';
import { INSERT_SIGNALS, modelsOf, signalParameters } from '../src/domain/signal-row.js';
import { signalId, type Signal } from '../src/domain/signal.js';
import { EmbeddedPostgres } from '../src/platform/database/embedded-postgres.service.js';
import { openDatabase } from '../src/platform/database/postgres.data-source.js';
import { BinaryCopy, float8, float8Array, jsonb, text, textArray, timestamptz } from './binary-copy.js';
import { quantile, ratio, round, type BenchReport } from './report.js';

const ROWS = 2_000;
const ROUNDS = 15;

function signal(i: number, round: number): Signal {
  const symbol = `C${i % 500}/USDT` as const;
  const openTime = 1_750_000_000_000 + round * 60_000 + Math.floor(i / 500);
  const models = ['gbt@1.0.0', 'tcn@1.0.0', 'logreg@1.0.0'];
  const because = {
    models: models.map((model) => ({
      model,
      runId: `${model}/1m/${openTime}`,
      weight: 1,
      probabilities: [0.21, 0.2, 0.59] as const,
      topFeatures: [
        { name: 'rsi_14', value: 0.81, zScore: 2.1 },
        { name: 'atr_pct', value: 0.012, zScore: 1.7 },
      ],
    })),
    agreeing: ['1m', '5m'] as const,
    opposing: [],
  };
  return {
    id: signalId(symbol, '1m', openTime, 'bench', models),
    symbol,
    timeframe: '1m',
    openTime,
    decidedAt: openTime + 60_000,
    direction: i % 2 ? 'long' : 'short',
    confidence: 0.59,
    entry: 100 + i,
    stopLoss: 100 + i + (i % 2 ? -1 : 1),
    takeProfits: [1, 2, 3].map((step) => 100 + i + (i % 2 ? step : -step / 10)),
    strategy: 'bench',
    because,
  };
}

const batch = (round: number): Signal[] => Array.from({ length: ROWS }, (_, i) => signal(i, round));

/** The same row, in the order of the table's columns named in COPY below. */
function binary(signals: readonly Signal[]): Buffer {
  const copy = new BinaryCopy();
  for (const s of signals) {
    copy.row(
      text(s.id), text(s.symbol), text(s.timeframe), timestamptz(s.openTime), timestamptz(s.decidedAt), text(s.direction),
      float8(s.confidence), float8(s.entry), float8(s.stopLoss), float8Array(s.takeProfits), text(s.strategy),
      textArray(modelsOf(s)), jsonb(s.because),
    ); // prettier-ignore
  }
  return copy.end();
}

async function copyIn(client: pg.Client, signals: readonly Signal[]): Promise<void> {
  const stream = client.query(
    copyFrom(
      `copy signals (id, symbol, timeframe, open_time, decided_at, direction, confidence, entry, stop_loss, take_profits,
                     strategy, models, because) from stdin (format binary)`,
    ),
  );
  await new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve).once('error', reject);
    stream.end(binary(signals));
  });
}

const entity = new EntitySchema<Record<string, unknown>>({
  name: 'signals',
  columns: {
    id: { type: 'text', primary: true },
    symbol: { type: 'text' },
    timeframe: { type: 'text' },
    open_time: { type: 'timestamptz' },
    decided_at: { type: 'timestamptz' },
    direction: { type: 'text' },
    confidence: { type: 'float8' },
    entry: { type: 'float8' },
    stop_loss: { type: 'float8' },
    take_profits: { type: 'float8', array: true },
    strategy: { type: 'text' },
    models: { type: 'text', array: true },
    because: { type: 'jsonb' },
  },
});

function entityOf(s: Signal): Record<string, unknown> {
  return {
    id: s.id,
    symbol: s.symbol,
    timeframe: s.timeframe,
    open_time: new Date(s.openTime),
    decided_at: new Date(s.decidedAt),
    direction: s.direction,
    confidence: s.confidence,
    entry: s.entry,
    stop_loss: s.stopLoss,
    take_profits: s.takeProfits,
    strategy: s.strategy,
    models: modelsOf(s),
    because: s.because,
  };
}

/** Writing 2,000 signals: our one statement against binary COPY and against TypeORM save; durable server, same table. */
export default async function persist(): Promise<BenchReport> {
  const home = mkdtempSync(join(tmpdir(), 'alphapulse-bench-'));
  const server = await EmbeddedPostgres.start({ home });
  const times: Record<'insert' | 'copy' | 'save', number[]> = { insert: [], copy: [], save: [] };
  try {
    const migrated = await openDatabase(server.url);
    await migrated.destroy();
    const client = new pg.Client(server.url);
    client.on('error', () => undefined); // the server stops under it when a way fails: that failure is the one to show
    await client.connect();
    const orm = await new DataSource({ type: 'postgres', url: server.url, entities: [entity] }).initialize();
    const ways = {
      insert: (signals: readonly Signal[]) => client.query(INSERT_SIGNALS, signalParameters(signals)),
      copy: (signals: readonly Signal[]) => copyIn(client, signals),
      save: (signals: readonly Signal[]) => orm.getRepository(entity).save(signals.map(entityOf), { chunk: 500 }),
    };
    // One round uncounted; the ways take turns, so that a slow moment of the machine meets all of them.
    for (let i = 0; i <= ROUNDS; i++) {
      for (const way of ['insert', 'copy', 'save'] as const) {
        await client.query('truncate signals cascade');
        const signals = batch(i);
        const from = performance.now();
        await ways[way](signals);
        if (i > 0) times[way].push(performance.now() - from);
      }
    }
    await orm.destroy();
    await client.end();
  } finally {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
  const median = {
    insert: quantile(times.insert, 0.5),
    copy: quantile(times.copy, 0.5),
    save: quantile(times.save, 0.5),
  };
  return {
    name: 'persist',
    method: `${ROWS} signals with their because, ${ROUNDS} rounds in turn, medians; fsync on; encoding included in each way.`,
    table: (['insert', 'copy', 'save'] as const).map((way) => ({
      way: { insert: 'ours: one insert … unnest', copy: 'binary COPY', save: 'TypeORM save, chunks of 500' }[way],
      'ms p50': round(median[way]),
      'ms p95': round(quantile(times[way], 0.95)),
      'rows/s': Math.round((ROWS / median[way]) * 1000),
    })),
    ratios: [
      ratio('our insert', 'binary COPY', median.insert / median.copy, '<= 2'),
      ratio('our insert', 'TypeORM save', median.insert / median.save, null),
    ],
  };
}
