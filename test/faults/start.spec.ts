import { rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { EmbeddedPostgres } from '../../src/platform/database/embedded-postgres.service.js';
import { newHome, ready, startApp } from '../builders/app.js';

/** Starts and waits for the end. */
async function attempt(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const home = newHome();
  const app = await startApp(home, env);
  const code = await new Promise<number | null>((resolve) => app.process.once('close', resolve));
  rmSync(home, { recursive: true, force: true });
  return { code, output: app.output() };
}

describe('a start that cannot succeed says why in one message and ends with 1', () => {
  it('names every fault of a bad configuration at once', async () => {
    const { code, output } = await attempt({ PORT: '99999', TIMEFRAMES: '7m', ALPHAPULSE_COLOUR: 'red' });
    expect(code).toBe(1);
    for (const part of ['PORT', '99999', 'TIMEFRAMES', '7m', 'ALPHAPULSE_COLOUR']) expect(output).toContain(part);
    expect(output).not.toMatch(/\bat .*\.js:\d+/);
  });

  it('names the port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, output } = await attempt({ PORT: String(port) });
    server.close();
    expect(code).toBe(1);
    expect(output).toContain(String(port));
    expect(output).toContain('PORT');
    expect(output).not.toMatch(/\bat .*\.js:\d+/);
  });

  it('names the database that cannot be reached, and not its password', async () => {
    const { code, output } = await attempt({ DATABASE_URL: 'postgres://someone:hunter2@127.0.0.1:9/nowhere' });
    expect(code).toBe(1);
    expect(output).toContain('127.0.0.1:9');
    expect(output).not.toContain('hunter2');
    expect(output).not.toMatch(/\bat .*\.js:\d+/);
  });
});

describe('two instances side by side', () => {
  const homes = [newHome(), newHome()];
  afterAll(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));

  it('run on other ports and homes, and refuse to share a home', async () => {
    const apps = await Promise.all(homes.map((home) => startApp(home, { SYMBOLS: '5' })));
    await Promise.all(apps.map(ready));
    const intruder = await startApp(homes[0]!);
    const code = await new Promise<number | null>((resolve) => intruder.process.once('close', resolve));
    expect(code).toBe(1);
    expect(intruder.output()).toContain(homes[0]!);
    for (const app of apps) expect(await app.end('SIGINT')).toEqual({ code: 0, signal: null });
  });

  it('and refuse to share a database: two would trade one account', async () => {
    const home = newHome();
    const server = await EmbeddedPostgres.start({ home, durable: false });
    const env = { DATABASE_URL: server.url, SYMBOLS: '5' };
    const first = await startApp(homes[0]!, env);
    await ready(first);
    const second = await attempt(env);
    expect(second.code).toBe(1);
    for (const part of ['Another AlphaPulse', new URL(server.url).pathname, 'DATABASE_URL'])
      expect(second.output).toContain(part);
    expect(second.output).not.toMatch(/\bat .*\.js:\d+/);
    await first.end('SIGKILL');
    const next = await startApp(homes[0]!, env);
    await ready(next);
    expect(await next.end('SIGINT')).toEqual({ code: 0, signal: null });
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  });

  it('and none starts on the data of another market', async () => {
    const app = await startApp(homes[0]!, { EXCHANGE: 'binance' });
    const code = await new Promise<number | null>((resolve) => app.process.once('close', resolve));
    expect(code).toBe(1);
    for (const part of ['EXCHANGE=simulator', homes[0]!, 'ALPHAPULSE_HOME']) expect(app.output()).toContain(part);
    expect(app.output()).not.toMatch(/\bat .*\.js:\d+/);
  });
});
