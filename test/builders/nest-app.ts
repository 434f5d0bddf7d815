import { Module, type DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { schema } from '../../src/platform/config/schema.js';
import { Settings } from '../../src/platform/config/settings.js';
import { createServer } from '../../src/platform/http/server.service.js';
import { PlatformModule } from '../../src/platform/platform.module.js';

@Module({})
class Root {}

/** Some of the application's modules behind its real HTTP server, on a port of its own. */
export interface NestApp {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly key: string;
  readonly home: string;
  /** With the API key, unless `init` says otherwise. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** GET; JSON back, whatever the status. */
  json<T>(path: string): Promise<T>;
  close(): Promise<void>;
}

export function settingsOf(
  env: Record<string, string> = {},
  home = '/nonexistent',
  modelsDir = join(home, 'models'),
): Settings {
  return new Settings(schema.parse(env), {
    databaseUrl: 'postgres://none',
    exchange: { restUrl: 'http://127.0.0.1:1', wsUrl: 'ws://127.0.0.1:1', speed: 1 },
    home,
    modelsDir,
    version: '0.0.0-test',
    startedAt: 0,
  });
}

/** @param modelsDir absent: an empty one */
export async function nestApp(
  imports: NonNullable<DynamicModule['imports']>,
  dataSource: DataSource,
  env: Record<string, string> = {},
  modelsDir?: string,
): Promise<NestApp> {
  const home = mkdtempSync(join(tmpdir(), 'alphapulse-nest-'));
  const platform = PlatformModule.with(settingsOf(env, home, modelsDir), dataSource);
  const root: DynamicModule = { module: Root, imports: [platform, ...imports] };
  const app = await createServer(root, { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const key = readFileSync(join(home, 'admin.key'), 'utf8').trim();
  const request = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });
  return {
    app,
    url,
    key,
    home,
    request,
    json: async <T>(path: string) => (await (await request(path)).json()) as T,
    async close() {
      await app.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
