import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newHome, startApp, until, type RunningApp } from '../builders/app.js';

interface Run {
  readonly model: string;
  readonly open_time: string;
  readonly rows: number;
  readonly abstentions: Readonly<Record<string, number>>;
}
interface Model {
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

const CLIENTS = 24;
const ROWS = 400;
const MINUTES = 12; // of the exchange, a second each

let app: RunningApp;
const home = newHome();

/** Runs on record of the 1m intervals that opened since. */
async function runsSince(since: number): Promise<readonly Run[]> {
  const from = encodeURIComponent(new Date(since).toISOString());
  return (await app.get<{ data: Run[] }>(`/api/v1/runs?timeframe=1m&limit=500&from=${from}`)).data;
}

beforeAll(async () => {
  // A second, where a run takes milliseconds: what is tried is who goes first, not how fast this machine is.
  app = await startApp(home, { SYMBOLS: '20', TIMEFRAMES: '1m', INFERENCE_TIMEOUT: '1', AD_HOC_QUEUE_ROWS: '2000' });
  await until(app, 'a run on record', async () => ((await runsSince(0)).length > 0 ? true : undefined));
}, 120_000);

afterAll(async () => {
  await app?.end('SIGTERM');
  rmSync(home, { recursive: true, force: true });
});

describe('under more requests than it can answer', () => {
  it('the service sheds them by code, and every interval has its run, on time', async () => {
    const { inputs } = await app.get<Model>('/v2/models/tcn');
    const { name, shape } = inputs[0]!;
    const width = shape.slice(1).reduce((product, size) => product * size, 1);
    const body = JSON.stringify({
      inputs: [
        { name, shape: [ROWS, ...shape.slice(1)], datatype: 'FP32', data: new Array<number>(ROWS * width).fill(0) },
      ],
    });
    const [newest] = await runsSince(0);
    const began = Date.parse(newest!.open_time);
    let flooding = true;
    const told = new Map<number, number>();
    const client = async () => {
      while (flooding) {
        const response = await app.request('/v2/models/tcn/infer', { method: 'POST', body });
        const said = await response.text();
        told.set(response.status, (told.get(response.status) ?? 0) + 1);
        if (response.status === 200) continue;
        expect(response.status).toBe(503);
        expect(said).toMatch(/QUEUE_FULL|DEADLINE_UNREACHABLE|DEADLINE/);
        if (/QUEUE_FULL|DEADLINE_UNREACHABLE/.test(said))
          expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      }
    };
    const clients = Array.from({ length: CLIENTS }, client);
    const counted = await until(app, `${MINUTES} intervals run`, async () => {
      const runs = await runsSince(began);
      return new Set(runs.map(({ open_time: at }) => at)).size > MINUTES ? runs : undefined;
    }).finally(() => (flooding = false));
    await Promise.all(clients);

    expect(told.get(503) ?? 0).toBeGreaterThan(0);
    const times = [...new Set(counted.map(({ open_time: at }) => Date.parse(at)))].sort((a, b) => a - b);
    expect(times).toEqual(times.map((_, i) => times[0]! + i * 60_000));
    for (const time of times.slice(0, -1))
      expect(
        counted
          .filter(({ open_time: at }) => Date.parse(at) === time)
          .map(({ model }) => model)
          .sort(),
      ).toEqual([...['gbt', 'logreg', 'tcn']]);
    const late = counted.filter(({ abstentions }) => 'DEADLINE' in abstentions || 'ENGINE_FAILED' in abstentions);
    expect(late).toEqual([]);
  }, 120_000);
});
