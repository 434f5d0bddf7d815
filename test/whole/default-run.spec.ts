import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { newHome, ready, startApp, until, type RunningApp } from '../builders/app.js';

interface SignalJson {
  id: string;
  symbol: string;
  direction: string;
  timeframe: string;
}
interface Page<T> {
  data: T[];
  next: string | null;
}

/** Collects the types of the frames that one socket hears until it has heard all of `wanted`. */
function hear(url: string, headers: Record<string, string>, wanted: string[]): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers });
    const heard: Record<string, unknown> = {};
    const timer = setTimeout(() => {
      socket.terminate();
      reject(new Error(`heard only ${Object.keys(heard).join(', ')}`));
    }, 60_000);
    socket.on('error', reject);
    socket.on('message', (raw: Buffer) => {
      const { type, data, timestamp } = JSON.parse(raw.toString()) as {
        type: string;
        data: unknown;
        timestamp: string;
      };
      expect(Number.isNaN(Date.parse(timestamp))).toBe(false);
      heard[type] ??= data;
      if (wanted.every((name) => name in heard)) {
        clearTimeout(timer);
        socket.close();
        resolve(heard);
      }
    });
  });
}

describe('the default run, as the README says', () => {
  const home = newHome();
  let app: RunningApp;
  afterAll(async () => {
    await app.end('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });

  it('starts on nothing but Node, becomes ready and says what it is', async () => {
    app = await startApp(home);
    await ready(app);
    const banner = app.output();
    expect(banner).toMatch(/simulated market/i);
    expect(banner).toMatch(/paper/i);
    expect(banner).toContain(join(home, 'admin.key'));
    expect(banner).toContain(app.url);
    expect(statSync(join(home, 'admin.key')).mode & 0o777).toBe(0o600);
    expect(banner).not.toContain(app.key());
  });

  it('shows signals on the terminal, with the latency of every stage beside them', async () => {
    const line = /(LONG|SHORT) \w+\/USDT \w+: entry .* \(feed .* queue .* inference .* publish .* total .* ms\)/;
    await until(app, 'a signal on the terminal', async () => (line.test(app.output()) ? true : undefined));
  });

  it('hands out signals over REST, with latency and lineage', async () => {
    const page = await until(app, 'signals', async () => {
      const signals = await app.get<Page<SignalJson>>('/api/v1/signals?limit=5');
      return signals.data.length > 0 ? signals : undefined;
    });
    const signal = page.data[0]!;
    expect(['long', 'short']).toContain(signal.direction);
    const lineage = await app.get<Record<string, unknown>>(`/api/v1/signals/${signal.id}`);
    expect(JSON.stringify(lineage)).toContain(signal.id);
    const latency = await app.get<unknown>('/api/v1/latency');
    expect(JSON.stringify(latency)).toMatch(/p99/);
    for (const path of [
      'runs',
      'models',
      'series',
      'orders',
      'fills',
      'positions',
      'equity',
      'status',
      'inference',
      'inference/history',
      'alerts',
      'candles?symbol=BTC/USDT&timeframe=1m',
    ]) {
      await app.get(`/api/v1/${path}`);
    }
  });

  it('pushes signals, runs and orders over the websocket', async () => {
    const heard = await hear(`${app.url.replace('http', 'ws')}/ws`, { authorization: `Bearer ${app.key()}` }, [
      'initial_signals',
      'new_signal',
      'run_completed',
      'order_update',
    ]);
    expect(Array.isArray(heard['initial_signals'])).toBe(true);
  });

  it('lets a browser in by a single-use ticket, and nobody without', async () => {
    const { ticket } = (await (await app.request('/api/v1/ws-ticket', { method: 'POST' })).json()) as {
      ticket: string;
    };
    const url = `${app.url.replace('http', 'ws')}/ws`;
    await hear(`${url}?ticket=${ticket}`, {}, ['initial_signals']);
    await expect(hear(`${url}?ticket=${ticket}`, {}, ['initial_signals'])).rejects.toThrow(/401/);
    await expect(hear(url, {}, ['initial_signals'])).rejects.toThrow(/401/);
    await expect(hear(url, { authorization: 'Bearer ap_wrong' }, ['initial_signals'])).rejects.toThrow(/401/);
  });

  it('turns paper orders into fills and positions', async () => {
    await until(app, 'a fill', async () =>
      (await app.get<Page<unknown>>('/api/v1/fills')).data.length > 0 ? true : undefined,
    );
    expect((await app.get<Page<unknown>>('/api/v1/orders')).data.length).toBeGreaterThan(0);
    expect((await app.get<Page<unknown>>('/api/v1/positions?state=all')).data.length).toBeGreaterThan(0);
  });

  it('keeps the open routes open and everything else closed', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics', '/docs', '/']) {
      expect((await fetch(app.url + path)).status, path).toBe(200);
    }
    expect(
      (await fetch(`${app.url}/metrics`).then((response) => response.text())).match(/^alphapulse_/m),
    ).not.toBeNull();
    for (const path of ['signals', 'runs', 'status', 'orders', 'models']) {
      const response = await fetch(`${app.url}/api/v1/${path}`);
      expect(response.status, path).toBe(401);
      expect(response.headers.get('content-type')).toMatch('application/problem+json');
    }
  });

  it.each([
    ['GET', '/api/v1/signals?direction=up', 400],
    ['GET', '/api/v1/signals?min_confidence=2', 400],
    ['GET', '/api/v1/signals?colour=red', 400],
    ['GET', '/api/v1/signals?cursor=rubbish', 400],
    ['GET', '/api/v1/signals/none', 404],
    ['GET', '/api/v1/runs?timeframe=7m', 400],
    ['GET', '/api/v1/runs?from=yesterday', 400],
    ['GET', '/api/v1/latency?minutes=-1', 400],
    ['GET', '/api/v1/inference?window=2m', 400],
    ['GET', '/api/v1/alerts?code=NOISE', 400],
    ['GET', '/api/v1/candles?symbol=NO', 400],
    ['GET', '/api/v1/orders?state=lost', 400],
    ['GET', '/api/v1/positions?state=maybe', 400],
    ['GET', '/api/v1/equity?limit=100000', 400],
    ['POST', '/api/v1/trading/halt', 400],
    ['POST', '/api/v1/positions/NOPE-USDT/close', 404],
    ['GET', '/api/v1/nothing', 404],
  ])('%s %s is refused with a problem, never a 500', async (method, path, status) => {
    const response = await app.request(path, { method });
    const problem = (await response.json()) as { status: number; detail: string; title: string };
    expect([response.status, problem.status]).toEqual([status, status]);
    expect(response.headers.get('content-type')).toMatch('application/problem+json');
    expect(JSON.stringify(problem)).not.toMatch(/\bat .*\.js:\d+/);
  });

  it('ends cleanly on Ctrl-C', async () => {
    expect(await app.end('SIGINT')).toEqual({ code: 0, signal: null });
  });

  it('continues with the same data at the second start', async () => {
    app = await startApp(home);
    await ready(app);
    const page = await app.get<Page<SignalJson>>('/api/v1/signals');
    expect(page.data.length).toBeGreaterThan(0);
    expect(await app.end('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});
