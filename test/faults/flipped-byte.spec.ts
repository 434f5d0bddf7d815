import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { newHome, ready, startApp, until, type RunningApp } from '../builders/app.js';

interface ModelJson {
  name: string;
  version: string;
  state: string;
  reason: { code: string } | string | null;
}

describe('one byte of one model is flipped', () => {
  const home = newHome();
  let app: RunningApp;
  afterAll(async () => {
    await app.end('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });

  it('refuses that model by name and serves the others', async () => {
    const models = join(home, 'models');
    cpSync('models', models, { recursive: true });
    const [victim] = readdirSync(models).sort();
    const [version] = readdirSync(join(models, victim!));
    const file = join(models, victim!, version!, 'model.onnx');
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);

    app = await startApp(home, { MODELS_DIR: models });
    await ready(app);
    const { data } = await app.get<{ data: ModelJson[] }>('/api/v1/models');
    const refused = data.find(({ name }) => name === victim)!;
    expect(refused.state).toBe('failed');
    expect(JSON.stringify(refused.reason)).toContain('SHA256_MISMATCH');
    expect(data.filter(({ state }) => state === 'active').length).toBe(readdirSync(models).length - 1);
    await until(app, 'runs of the others', async () =>
      (await app.get<{ data: { model: string }[] }>('/api/v1/runs')).data.length > 0 ? true : undefined,
    );
    expect(await app.end('SIGINT')).toEqual({ code: 0, signal: null });
  });
});
