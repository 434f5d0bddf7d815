import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { newHome, ready, startApp, until, type RunningApp } from '../builders/app.js';

interface Row {
  id: string;
  symbol: string;
  timeframe: string;
  timestamp: string;
}
interface Page<T> {
  data: T[];
  next: string | null;
}

async function all<T>(app: RunningApp, path: string): Promise<T[]> {
  const rows: T[] = [];
  let cursor = '';
  do {
    const page: Page<T> = await app.get(`/api/v1/${path}${path.includes('?') ? '&' : '?'}limit=500${cursor}`);
    rows.push(...page.data);
    cursor = page.next === null ? '' : `&cursor=${encodeURIComponent(page.next)}`;
  } while (cursor !== '');
  return rows;
}

/** Ids of every signal that a client was told of: what must survive. */
function listen(app: RunningApp, acknowledged: Set<string>): WebSocket {
  const socket = new WebSocket(`${app.url.replace('http', 'ws')}/ws`, {
    headers: { authorization: `Bearer ${app.key()}` },
  });
  socket.on('error', () => undefined);
  socket.on('message', (raw: Buffer) => {
    const { type, data } = JSON.parse(raw.toString()) as { type: string; data: { id: string } };
    if (type === 'new_signal') acknowledged.add(data.id);
  });
  return socket;
}

/** Net quantity a symbol, in units of 1e-8, exact. */
function net(rows: { symbol: string; side: string; quantity: string }[]): Map<string, bigint> {
  const sum = new Map<string, bigint>();
  for (const { symbol, side, quantity } of rows) {
    const [whole, fraction = ''] = quantity.split('.');
    const scaled = BigInt(whole! + fraction.padEnd(8, '0').slice(0, 8));
    sum.set(symbol, (sum.get(symbol) ?? 0n) + (side === 'buy' || side === 'long' ? scaled : -scaled));
  }
  return new Map([...sum].filter(([, quantity]) => quantity !== 0n));
}

describe('the process is killed in mid-run, three times', () => {
  const home = newHome();
  let app: RunningApp;
  afterAll(async () => {
    await app.end('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });

  it('loses no acknowledged signal, doubles none, and its positions equal its fills', async () => {
    const acknowledged = new Set<string>();
    for (let round = 0; round < 3; round++) {
      app = await startApp(home);
      await ready(app);
      const before = acknowledged.size;
      listen(app, acknowledged);
      await until(app, 'acknowledged signals', async () => (acknowledged.size > before + 2 ? true : undefined));
      await sleep(137 * round); // another instant of the run each time
      await app.end('SIGKILL');
    }
    app = await startApp(home);
    await ready(app);
    await app.request('/api/v1/trading/halt', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'count in peace' }),
    });

    const signals = await all<Row>(app, 'signals');
    const ids = signals.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const places = signals.map(({ symbol, timeframe, timestamp }) => `${symbol} ${timeframe} ${timestamp}`);
    expect(new Set(places).size).toBe(places.length);
    expect([...acknowledged].filter((id) => !ids.includes(id))).toEqual([]);

    const fills = await all<{ id: string; symbol: string; side: string; quantity: string }>(app, 'fills');
    expect(fills.length).toBeGreaterThan(0);
    expect(new Set(fills.map(({ id }) => id)).size).toBe(fills.length);
    const positions = await all<{ symbol: string; direction: string; quantity: string }>(app, 'positions');
    const held = net(positions.map(({ symbol, direction, quantity }) => ({ symbol, side: direction, quantity })));
    // Exits may still fill between the two reads: compare fills read after the positions only on symbols that did not move.
    const again = net(await all(app, 'fills'));
    const settled = [...again].filter(([symbol, quantity]) => net(fills).get(symbol) === quantity);
    for (const [symbol, quantity] of settled) expect([symbol, held.get(symbol)]).toEqual([symbol, quantity]);
    expect(await app.end('SIGINT')).toEqual({ code: 0, signal: null });
  });
});
