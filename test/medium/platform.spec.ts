import { Controller, Get, Module, Post, Body, type INestApplication } from '@nestjs/common';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketGateway } from '@nestjs/websockets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { load } from '../../src/platform/config/load.js';
import { Settings } from '../../src/platform/config/settings.js';
import { Open } from '../../src/platform/http/api-key.guard.js';
import { createServer } from '../../src/platform/http/server.service.js';
import { PlatformModule } from '../../src/platform/platform.module.js';
import { freshDatabase } from '../builders/postgres.js';

@Controller('probe')
class ProbeController {
  @Get('closed')
  closed(): object {
    return { seen: true };
  }
  @Get('open')
  @Open()
  open(): object {
    return { seen: true };
  }
  @Get('bug')
  bug(): object {
    throw new Error('the secret is out');
  }
  @Post('echo')
  echo(@Body() body: unknown): unknown {
    return body;
  }
}

@WebSocketGateway({ path: '/ws' })
class ProbeGateway {
  handleConnection(client: WebSocket): void {
    client.send('welcome');
  }
}

@Module({ controllers: [ProbeController], providers: [ProbeGateway] })
class ProbeModule {}

@Module({})
class Root {}

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
const home = mkdtempSync(join(tmpdir(), 'alphapulse-probe-'));

function settingsFor(environment: Record<string, string>): Settings {
  const loaded = load(environment);
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  const exchange = { restUrl: '', wsUrl: '', speed: 1 };
  const resolved = { databaseUrl: fresh.url, exchange, home, modelsDir: '', version: '0.0.0', startedAt: 0 };
  return new Settings(loaded.config, resolved);
}

async function serve(environment: Record<string, string> = {}): Promise<{ app: INestApplication; url: string }> {
  const imports = [PlatformModule.with(settingsFor(environment), fresh.dataSource), ProbeModule];
  const app = await createServer({ module: Root, imports }, { logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, url: `http://127.0.0.1:${port}` };
}

const key = (): string => readFileSync(join(home, 'admin.key'), 'utf8').trim();
const bearer = (): Record<string, string> => ({ authorization: `Bearer ${key()}` });

let app: INestApplication;
let url: string;
beforeAll(async () => {
  fresh = await freshDatabase();
  ({ app, url } = await serve({ CORS_ORIGINS: 'https://desk.example' }));
});
afterAll(async () => {
  await app.close();
  await fresh.close();
  rmSync(home, { recursive: true, force: true });
});

describe('the API key', () => {
  test('lies in admin.key for its owner only; the database holds no more than its hash', async () => {
    expect(statSync(join(home, 'admin.key')).mode & 0o777).toBe(0o600);
    const rows = await fresh.database.query('select name, hash, revoked_at from api_keys');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(key());
  });

  test.each([
    ['no key', {}, 401],
    ['a wrong key', { authorization: `Bearer ap_${'x'.repeat(43)}` }, 401],
    ['another scheme', { authorization: 'Basic YTpi' }, 401],
  ])('%s is refused with a problem that says how', async (_, headers, status) => {
    const response = await fetch(`${url}/api/v1/probe/closed`, { headers: headers as Record<string, string> });
    expect(response.status).toBe(status);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(await response.json()).toMatchObject({
      status,
      code: 'UNAUTHORIZED',
      faults: [{ field: 'headers.authorization' }],
    });
  });

  test('the key opens what is closed', async () => {
    expect((await fetch(`${url}/api/v1/probe/closed`, { headers: bearer() })).status).toBe(200);
  });

  test.each(['/api/v1/probe/open', '/metrics', '/docs', '/docs-json'])('%s is open', async (path) => {
    expect((await fetch(url + path)).status).toBe(200);
  });

  test('on an address that others can reach, /metrics asks for the key', async () => {
    const exposed = await serve({ HOST: '0.0.0.0' });
    const closed = await fetch(`${exposed.url}/metrics`);
    const opened = await fetch(`${exposed.url}/metrics`, { headers: bearer() });
    await exposed.app.close();
    expect([closed.status, opened.status]).toEqual([401, 200]);
  });

  test('METRICS_OPEN opens /metrics there, and nothing else', async () => {
    const exposed = await serve({ HOST: '0.0.0.0', METRICS_OPEN: 'true' });
    const metrics = await fetch(`${exposed.url}/metrics`);
    const closed = await fetch(`${exposed.url}/api/v1/probe/closed`);
    await exposed.app.close();
    expect([metrics.status, closed.status]).toEqual([200, 401]);
  });

  test('a lost file is made anew at the next start, and the lost key opens nothing any more', async () => {
    const lost = bearer();
    rmSync(join(home, 'admin.key'));
    const next = await serve();
    const [before, after] = await Promise.all(
      [lost, bearer()].map((headers) => fetch(`${next.url}/api/v1/probe/closed`, { headers })),
    );
    await next.app.close();
    expect([before!.status, after!.status]).toEqual([401, 200]);
    await app.close();
    ({ app, url } = await serve({ CORS_ORIGINS: 'https://desk.example' }));
    expect((await fetch(`${url}/api/v1/probe/closed`, { headers: bearer() })).status).toBe(200);
  });
});

describe('what is not served is a problem', () => {
  const json = { 'content-type': 'application/json' };
  test.each([
    ['an unknown route', 'GET', '/api/v1/nothing', {}, undefined, 404, 'NOT_FOUND'],
    ['an unknown page', 'GET', '/nothing', {}, undefined, 404, 'NOT_FOUND'],
    ['a path that is no path', 'GET', '/api/v1/%zz', {}, undefined, 400, 'INVALID_REQUEST'],
    ['a body that is no JSON', 'POST', '/api/v1/probe/echo', json, '{"a":', 400, 'INVALID_REQUEST'],
    ['a body too large', 'POST', '/api/v1/probe/echo', json, `"${'x'.repeat(300_000)}"`, 413, 'BODY_TOO_LARGE'],
    [
      'a body of another kind',
      'POST',
      '/api/v1/probe/echo',
      { 'content-type': 'text/csv' },
      'a',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['a bug', 'GET', '/api/v1/probe/bug', {}, undefined, 500, 'INTERNAL_ERROR'],
  ])('%s', async (_, method, path, headers, body, status, code) => {
    const init = { method, headers: { ...bearer(), ...headers } as Record<string, string>, ...(body ? { body } : {}) };
    const response = await fetch(url + path, init);
    const text = await response.text();
    expect([response.status, response.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json; charset=utf-8',
    ]);
    expect(JSON.parse(text)).toMatchObject({ type: 'about:blank', status, code, instance: path });
    expect(text).not.toMatch(/secret|\.js:\d|\.ts:\d/);
  });
});

/** @returns what the server said first: `welcome`, or the status that refused the upgrade */
function knock(path: string, headers: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws') + path, { headers });
    socket.on('message', (data: Buffer) => {
      resolve(data.toString());
      socket.close();
    });
    socket.on('unexpected-response', (_, response) => resolve(String(response.statusCode)));
    socket.on('error', () => resolve('error'));
  });
}

describe('a websocket is judged before its upgrade', () => {
  const ticket = async (): Promise<string> => {
    const response = await fetch(`${url}/api/v1/ws-ticket`, { method: 'POST', headers: bearer() });
    expect(response.status).toBe(200);
    const { ticket, expires_at } = (await response.json()) as { ticket: string; expires_at: string };
    expect(Date.parse(expires_at)).toBeGreaterThan(0);
    return ticket;
  };

  test('the key as Bearer header lets in', async () => {
    expect(await knock('/ws', bearer())).toBe('welcome');
  });

  test('a ticket lets in once', async () => {
    const one = await ticket();
    expect([await knock(`/ws?ticket=${one}`), await knock(`/ws?ticket=${one}`)]).toEqual(['welcome', '401']);
  });

  test.each([
    ['nothing', '/ws', {}],
    ['a made-up ticket', '/ws?ticket=abc', {}],
    ['a wrong key', '/ws', { authorization: 'Bearer ap_wrong' }],
  ])('%s gets 401', async (_, path, headers) => {
    expect(await knock(path, headers as Record<string, string>)).toBe('401');
  });

  test('a page from elsewhere gets 403, even with a ticket, unless CORS_ORIGINS names it', async () => {
    const one = await ticket();
    expect(await knock(`/ws?ticket=${one}`, { origin: 'https://evil.example' })).toBe('403');
    expect(await knock(`/ws?ticket=${one}`, { origin: 'https://desk.example' })).toBe('welcome');
    expect(await knock(`/ws?ticket=${await ticket()}`, { origin: url })).toBe('welcome');
  });
});

test('every metric is declared and exposed', async () => {
  const text = await (await fetch(`${url}/metrics`)).text();
  for (const name of ['alphapulse_stage_seconds', 'alphapulse_equity_quote', 'process_cpu_user_seconds_total']) {
    expect(text).toContain(`# HELP ${name}`);
  }
});
