import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { newHome, ready, startApp, until, type RunningApp } from '../builders/app.js';

const home = newHome();
let app: RunningApp;
afterEach(() => app?.end('SIGKILL'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** What Ctrl-C came to. The five seconds are the application's own law: past them it ends with code 1. */
async function stopped(): Promise<unknown> {
  const { code, signal } = await app.end('SIGINT');
  return { code, signal, complaint: /^.*(did not close|took too long|rror).*$/m.exec(app.output())?.[0] };
}
const CLEAN = { code: 0, signal: null, complaint: undefined };

const printed = (text: string) => until(app, `"${text}"`, async () => app.output().includes(text) || undefined);

describe('Ctrl-C ends the application cleanly', () => {
  it.each([300, 1_000, 2_500])('%i ms after the start', async (ms) => {
    app = await startApp(home);
    await sleep(ms);
    expect(await stopped()).toEqual(CLEAN);
  });

  it.each([
    ['as soon as it listens, models and workers coming up', 'Ctrl-C'],
    ['in the middle of the warm-up', 'golden within'],
  ])('%s', async (_, text) => {
    app = await startApp(home);
    await printed(text);
    expect(await stopped()).toEqual(CLEAN);
  });

  it('right after the warm-up, a hundred thousand candles still to be saved', async () => {
    app = await startApp(home);
    await printed('warmed up');
    expect(await stopped()).toEqual(CLEAN);
  });

  it('with a websocket open that answers nothing, and a request under way', async () => {
    app = await startApp(home);
    await ready(app);
    const url = `${app.url.replace('http', 'ws')}/ws`;
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${app.key()}` } });
    socket.on('error', () => undefined);
    await once(socket, 'open');
    socket.pause();
    const asked = app.request('/api/v1/latency').catch(() => undefined);
    expect(await stopped()).toEqual(CLEAN);
    await asked;
    socket.terminate();
  });

  it('right after the exchange died and was started again', async () => {
    app = await startApp(home);
    await ready(app);
    await printed('warmed up');
    process.kill(Number(/simulator, pid (\d+)/.exec(app.output())![1]), 'SIGKILL');
    await printed('it is started again');
    expect(await stopped()).toEqual(CLEAN);
  });

  it('in mid-run, every processor busy; and the next start goes on with the same data', async () => {
    const busy = Array.from({ length: 4 }, () => spawn(process.execPath, ['-e', 'for (;;);'], { timeout: 60_000 }));
    try {
      app = await startApp(home);
      await ready(app);
      await sleep(1_500);
      expect(await stopped()).toEqual(CLEAN);
    } finally {
      for (const child of busy) child.kill('SIGKILL');
    }
    app = await startApp(home);
    await ready(app);
    await until(app, 'signals', async () =>
      (await app.get<{ data: unknown[] }>('/api/v1/signals')).data.length > 0 ? true : undefined,
    );
    expect(await stopped()).toEqual(CLEAN);
  });
});

/** Ends with something that never closes. */
async function endWith(options: string): Promise<{ code: number | null; said: string; released: boolean }> {
  const script = `
    import { Shutdown } from '${resolve('dist/src/platform/shutdown.service.js')}';
    const shutdown = new Shutdown((line) => console.error(line));
    shutdown.onEnd('the lock', () => console.log('released'));
    shutdown.onEnd('what hangs', () => new Promise(() => setInterval(() => undefined, 1000)), ${options});
    await shutdown.end(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said, released: out.includes('released') };
}

it('what does not close in time is named and costs the clean exit; a process that ends by itself does not', async () => {
  const [hangs, alone] = await Promise.all([endWith('{}'), endWith('{ alone: true }')]);
  expect(hangs).toMatchObject({ code: 1, said: expect.stringContaining('took too long (what hangs)') as string });
  expect(alone).toMatchObject({ code: 0, released: true, said: expect.stringContaining('ends by itself') as string });
});
