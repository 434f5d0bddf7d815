import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FEATURE_NAMES, featureHashOf } from '../../src/batch-inference/features/feature-table.js';
import type { Alert } from '../../src/domain/alert.js';
import type { Activation } from '../../src/domain/ensemble.js';
import type { NotLoaded } from '../../src/model-registry/memory/model-memory.service.js';
import { TransitionJournal } from '../../src/model-registry/memory/transition-journal.service.js';
import { TransitionRepository } from '../../src/model-registry/memory/transition.repository.js';
import type { Transition } from '../../src/model-registry/memory/model-states.js';
import { ModelRegistryModule } from '../../src/model-registry/model-registry.module.js';
import { ModelRegistryService } from '../../src/model-registry/model-registry.service.js';
import { addVersion } from '../builders/model-versions.js';
import { nestApp, type NestApp } from '../builders/nest-app.js';
import { freshDatabase } from '../builders/postgres.js';

const catalogue = { names: FEATURE_NAMES, hashOf: featureHashOf };

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let models: string;
let server: NestApp;
let registry: ModelRegistryService;
/** Whatever was handed on, newest last: `version role` of each version of gbt. */
let handedOn: string[][];
/** What the workers will not load. */
let unloadable: NotLoaded[];

beforeAll(async () => void (fresh = await freshDatabase()));
afterAll(() => fresh.close());
beforeEach(async () => {
  models = mkdtempSync(join(tmpdir(), 'alphapulse-models-'));
  handedOn = [];
  unloadable = [];
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) addVersion(models, 'gbt', version);
  await fresh.database.query('truncate model_transitions');
});
afterEach(async () => {
  await server.close();
  rmSync(models, { recursive: true, force: true });
});

/** The registry behind HTTP, its models loaded; what it hands on goes to nobody's workers but `handedOn`. */
async function start(env: Record<string, string> = {}): Promise<void> {
  server = await nestApp([ModelRegistryModule.withFeatures(catalogue)], fresh.dataSource, env, models);
  registry = server.app.get(ModelRegistryService);
  registry.activations.to((active) => {
    handedOn.push(active.map(placeOf));
    registry.missed(unloadable);
  });
  await registry.load();
}

function placeOf({ version, role, share }: Activation): string {
  return `${version} ${role}${role === 'canary' ? ` ${share}` : ''}`;
}

async function post(path: string, body: object): Promise<{ status: number; json: Record<string, unknown> }> {
  const headers = { 'content-type': 'application/json' };
  const response = await server.request(`/api/v1/models/${path}`, {
    ...{ method: 'POST', headers, body: JSON.stringify(body) },
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}
const activate = (version: string, more: object = {}) => post('gbt/activate', { version, ...more });
const states = () =>
  registry.status().versions.map(({ version, state, role, refusal }) => `${version} ${refusal?.code ?? role ?? state}`);
const events = (): Record<string, unknown>[] =>
  readFileSync(join(server.home, 'models.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as never);

/** Moves on record, oldest first. */
async function moves(version: string): Promise<string[]> {
  const { data } = await server.json<{ data: Record<string, string>[] }>('/api/v1/models/gbt/history?limit=500');
  return data
    .filter((one) => one['version'] === version)
    .toReversed()
    .map(({ to, code }) => `${to} ${code}`);
}

describe('what people do over HTTP is done when the answer comes', () => {
  beforeEach(() => start());

  it('a version is activated and rolled back, and its life is on record with who and why', async () => {
    expect(handedOn).toEqual([['1.2.0 active', '1.1.0 standby', '1.0.0 standby']]);
    expect(await activate('1.1.0', { reason: 'steadier' })).toMatchObject({
      status: 200,
      json: { name: 'gbt', serving: '1.1.0', before: ['1.2.0'], probation: { guard: '1.2.0' } },
    });
    expect(handedOn.at(-1)).toEqual(['1.1.0 active', '1.2.0 shadow', '1.0.0 standby']);
    expect(await post('gbt/rollback', {})).toMatchObject({ status: 200, json: { serving: '1.2.0', before: [] } });
    expect(handedOn.at(-1)).toEqual(['1.2.0 active', '1.1.0 standby', '1.0.0 standby']);

    expect(await moves('1.1.0')).toEqual([
      ...['registered START', 'certifying START', 'warming START', 'ready LOADED', 'active ACTIVATE', 'ready ROLLBACK'],
    ]);
    const { data } = await server.json<{ data: object[] }>('/api/v1/models/gbt/history?limit=500');
    const who = expect.stringMatching(/^admin of /) as string;
    expect(data).toContainEqual(
      expect.objectContaining({ version: '1.1.0', from: 'ready', to: 'active', reason: 'steadier', who }),
    );
    expect(events()).toMatchObject([
      { action: 'activate', name: 'gbt', version: '1.1.0', from: '1.2.0', who, reason: 'steadier' },
      { action: 'rollback', name: 'gbt', version: '1.2.0', from: '1.1.0', who },
    ]);
  });

  it('a shadow is scored, a canary has its share, and each is withdrawn', async () => {
    await post('gbt/shadow', { version: '1.0.0', on: true });
    await post('gbt/canary', { version: '1.1.0', share: 0.1 });
    expect(handedOn.at(-1)).toEqual(['1.2.0 active', '1.1.0 canary 0.1', '1.0.0 shadow']);
    expect(await server.json('/api/v1/models/gbt')).toMatchObject({
      ...{ serving: '1.2.0', canary: { version: '1.1.0', share: 0.1 }, shadows: ['1.0.0'] },
      versions: [
        { version: '1.2.0', state: 'active', role: 'active', canary_share: null },
        { version: '1.1.0', state: 'ready', role: 'canary', canary_share: 0.1 },
        { version: '1.0.0', state: 'ready', role: 'shadow' },
      ],
      acts: [{ action: 'canary' }, { action: 'shadow' }],
    });
    await post('gbt/canary', { version: '1.1.0', share: 0 });
    await post('gbt/shadow', { version: '1.0.0', on: false });
    expect(handedOn.at(-1)).toEqual(['1.2.0 active', '1.1.0 standby', '1.0.0 standby']);
  });

  it('what is pinned stays, until it is unpinned', async () => {
    await activate('1.1.0');
    expect(await post('gbt/pin', { pinned: true })).toMatchObject({ status: 200, json: { pinned: true } });
    expect(await activate('1.0.0')).toMatchObject({ status: 409, json: { code: 'PINNED' } });
    expect(await post('gbt/rollback', {})).toMatchObject({ status: 409, json: { code: 'PINNED' } });
    expect(states()[1]).toBe('1.1.0 active');
    await post('gbt/pin', { pinned: false });
    expect(await activate('1.0.0')).toMatchObject({ status: 200 });
  });

  it('of two at once, one is told that the other was first', async () => {
    const answers = await Promise.all([activate('1.0.0'), activate('1.1.0')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const [won, lost] = answers.toSorted((a, b) => a.status - b.status);
    const serving = won!.json['serving'] as string;
    expect(lost!.json).toMatchObject({
      code: 'CONFLICT',
      detail: expect.stringContaining(`gbt@${serving} serves now`),
    });
    expect(registry.view('gbt')!.serving).toBe(serving);
    expect(events()).toHaveLength(1);
  });

  it.each<[string, string, object, number, string]>([
    ['an unknown model', 'nobody/activate', { version: '1.0.0' }, 404, 'MODEL_UNKNOWN'],
    ['an unknown version', 'gbt/activate', { version: '9.0.0' }, 404, 'VERSION_UNKNOWN'],
    ['a belief that is wrong', 'gbt/activate', { version: '1.0.0', from: '1.1.0' }, 409, 'CONFLICT'],
    ['nothing to return to', 'gbt/rollback', {}, 409, 'NOTHING_BEFORE'],
    ['a shadow of what serves', 'gbt/shadow', { version: '1.2.0', on: true }, 409, 'IN_USE'],
    ['a canary of what serves', 'gbt/canary', { version: '1.2.0', share: 0.5 }, 409, 'IN_USE'],
    ['a canary that is none', 'gbt/canary', { version: '1.1.0', share: 0 }, 409, 'NO_CANARY'],
    ['more than all symbols', 'gbt/canary', { version: '1.1.0', share: 1.1 }, 400, 'INVALID_REQUEST'],
    ['less than none', 'gbt/canary', { version: '1.1.0', share: -0.1 }, 400, 'INVALID_REQUEST'],
    ['a share that is no number', 'gbt/canary', { version: '1.1.0', share: '10%' }, 400, 'INVALID_REQUEST'],
    ['a version that is none', 'gbt/activate', { version: 'latest' }, 400, 'INVALID_REQUEST'],
    ['a misspelt field', 'gbt/activate', { version: '1.0.0', cause: 'x' }, 400, 'INVALID_REQUEST'],
    ['a name that is none', '..%2F..%2Fetc/activate', { version: '1.0.0' }, 400, 'INVALID_REQUEST'],
    ['no version', 'gbt/activate', {}, 400, 'INVALID_REQUEST'],
  ])('%s is refused by a stable code, and nothing is changed', async (_, path, body, status, code) => {
    const before = [states(), handedOn.length];
    expect(await post(path, body)).toMatchObject({ status, json: { code } });
    expect([states(), handedOn.length]).toEqual(before);
    expect(readdirSync(server.home)).not.toContain('models.jsonl');
  });

  it('asks for the key, and knows no model that is not there', async () => {
    expect((await fetch(`${server.url}/api/v1/models/gbt/rollback`, { method: 'POST' })).status).toBe(401);
    expect(await server.json('/api/v1/models/nobody')).toMatchObject({ status: 404, code: 'MODEL_UNKNOWN' });
    expect(await server.json('/api/v1/models/nobody/history')).toMatchObject({ status: 404, code: 'MODEL_UNKNOWN' });
  });

  it('history comes in pages, without losing or repeating a move', async () => {
    interface Page {
      data: object[];
      next: string | null;
    }
    const whole = await server.json<Page>('/api/v1/models/gbt/history');
    const first = await server.json<Page>('/api/v1/models/gbt/history?limit=6');
    const second = await server.json<Page>(`/api/v1/models/gbt/history?limit=500&cursor=${first.next}`);
    expect([...first.data, ...second.data]).toEqual(whole.data);
    expect([first.data.length, second.next]).toEqual([6, null]);
  });
});

describe('what the workers cannot load', () => {
  it('fails, is not activated, and the version before goes on serving', async () => {
    await start();
    unloadable = [{ model: 'gbt@1.0.0', reason: 'out of memory' }];
    expect(await activate('1.0.0')).toMatchObject({
      status: 409,
      json: { code: 'NOT_READY', detail: expect.stringContaining('out of memory') as string },
    });
    expect(states()).toEqual(['1.2.0 active', '1.1.0 standby', '1.0.0 LOAD_FAILED']);
    expect(await activate('1.0.0', { from: '1.2.0' })).toMatchObject({ status: 409, json: { code: 'NOT_READY' } });
    expect((await moves('1.0.0')).slice(-2)).toEqual(['retiring LOAD_FAILED', 'failed LOAD_FAILED']);
  });
});

describe('memory is bounded', () => {
  it('by MODEL_CACHE_SIZE: what serves, what a rollback returns to, then the rest; who leaves is retired', async () => {
    await start({ MODEL_CACHE_SIZE: '2', ROLLBACK_WINDOW_MINUTES: '0' });
    expect(states()).toEqual(['1.2.0 active', '1.1.0 standby', '1.0.0 retired']);
    await activate('1.0.0');
    expect(handedOn.at(-1)).toEqual(['1.0.0 active', '1.2.0 standby']);
    expect(states()).toEqual(['1.2.0 standby', '1.1.0 retired', '1.0.0 active']);
    await post('gbt/shadow', { version: '1.1.0', on: true });
    expect(states()).toEqual(['1.2.0 retired', '1.1.0 shadow', '1.0.0 active']);
    expect(await post('gbt/rollback', {})).toMatchObject({ status: 200 });
    expect(states()).toEqual(['1.2.0 active', '1.1.0 shadow', '1.0.0 retired']);
    await post('gbt/canary', { version: '1.0.0', share: 0.5 });
    expect(states()).toEqual(['1.2.0 active', '1.1.0 CACHE_FULL', '1.0.0 canary']);
  });

  it('what was asked most lately stays', async () => {
    await start({ MODEL_CACHE_SIZE: '2' });
    registry.used({ name: 'gbt', version: '1.0.0' });
    await activate('1.2.0');
    expect(states()).toEqual(['1.2.0 active', '1.1.0 retired', '1.0.0 standby']);
  });
});

describe('an alert', () => {
  beforeEach(async ({ task }) => start(task.name.includes('simulated') ? {} : { EXCHANGE: 'binance' }));
  const alert = (version: string, over: Partial<Alert> = {}): Alert => ({
    ...{ id: `DRIFT/gbt@${version}/5m/0`, code: 'DRIFT', state: 'raised', model: { name: 'gbt', version } },
    ...{ timeframe: '5m', value: 0.4, limit: 0.25, message: 'its features have moved', at: 0 },
    ...over,
  });

  it('on a version that was just activated returns to the one before, once, and says why', async () => {
    await activate('1.1.0');
    await activate('1.0.0');
    await Promise.all([registry.heed(alert('1.0.0')), registry.heed(alert('1.0.0', { code: 'BAD_ANSWERS' }))]);
    expect(states()).toEqual(['1.2.0 standby', '1.1.0 active', '1.0.0 standby']);
    await registry.heed(alert('1.1.0'));
    expect(states()[1]).toBe('1.1.0 active');
    const done = { action: 'rollback', version: '1.1.0', who: 'service', reason: 'DRIFT: 0.4, limit 0.25, on 5m' };
    expect(events().slice(2)).toEqual([expect.objectContaining(done)]);
    const { data } = await server.json<{ data: object[] }>('/api/v1/models/gbt/history');
    expect(data).toContainEqual(
      expect.objectContaining({
        version: '1.1.0',
        to: 'active',
        code: 'ROLLBACK',
        who: 'service',
        reason: done.reason,
      }),
    );
  });

  it('on the version before, which runs beside it, returns to it where the two decide otherwise', async () => {
    await activate('1.1.0');
    await registry.heed(alert('1.2.0'));
    expect(states()[1]).toBe('1.1.0 active');
    await registry.heed(alert('1.2.0', { code: 'FLIP_RATE' }));
    expect(states()[0]).toBe('1.2.0 active');
  });

  it('on a canary withdraws it', async () => {
    await post('gbt/canary', { version: '1.1.0', share: 0.5 });
    await registry.heed(alert('1.1.0'));
    expect(states()).toEqual(['1.2.0 active', '1.1.0 standby', '1.0.0 standby']);
    expect(events().at(-1)).toMatchObject({
      action: 'uncanary',
      who: 'service',
      reason: expect.stringMatching(/^DRIFT/),
    });
  });

  it('of drift on a simulated market, which no version was trained on, changes nothing', async () => {
    await activate('1.1.0');
    await registry.heed(alert('1.1.0'));
    expect(states()[1]).toBe('1.1.0 active');
    await registry.heed(alert('1.1.0', { code: 'BAD_ANSWERS' }));
    expect(states()[0]).toBe('1.2.0 active');
  });

  it('on what is pinned, on what nobody activated, or on a model that is gone changes nothing', async () => {
    await registry.heed(alert('1.2.0'));
    await registry.heed(alert('1.0.0', { model: { name: 'nobody', version: '1.0.0' } }));
    await activate('1.1.0');
    await post('gbt/pin', { pinned: true });
    await registry.heed(alert('1.1.0'));
    expect(states()[1]).toBe('1.1.0 active');
    expect(events()).toHaveLength(2);
  });
});

describe('a folder that changes while the service runs', () => {
  beforeEach(() => start());
  const look = async (times: number) => {
    for (let i = 0; i < times; i += 1) await registry.look();
  };
  const file = (version: string, name: string) => join(models, 'gbt', version, name);

  it('is noticed when it is complete, and serves when somebody activates it, not before', async () => {
    addVersion(models, 'gbt', '2.0.0');
    const whole = readFileSync(file('2.0.0', 'model.onnx'));
    writeFileSync(file('2.0.0', 'model.onnx'), whole.subarray(0, 1_000));
    await look(4);
    expect(states()).toEqual(['1.2.0 active', '1.1.0 standby', '1.0.0 standby']);
    writeFileSync(file('2.0.0', 'model.onnx'), whole);
    await look(2);
    expect(states()).toEqual(['2.0.0 standby', '1.2.0 active', '1.1.0 standby', '1.0.0 standby']);
    expect(events()).toMatchObject([{ action: 'notice', version: '2.0.0', from: '1.2.0', who: 'service' }]);
    expect(await activate('2.0.0')).toMatchObject({ status: 200, json: { serving: '2.0.0' } });
  });

  it('in a name that is new serves nothing by itself either', async () => {
    addVersion(models, 'tcn', '1.0.0');
    await look(2);
    expect(registry.view('tcn')).toMatchObject({ serving: null, standing: { choice: null } });
    expect(await post('tcn/activate', { version: '1.0.0' })).toMatchObject({ status: 200, json: { serving: '1.0.0' } });
  });

  it('is left alone while it is hidden, and what is no version is none', async () => {
    addVersion(join(models, '.import-x'), 'gbt', '2.0.0');
    addVersion(models, 'gbt', '.2.0.0');
    writeFileSync(join(models, 'gbt', 'README'), 'hello');
    await look(3);
    expect(states()).toHaveLength(3);
  });

  it('and is spoilt fails, and the version before serves; put right again, it serves again', async () => {
    await activate('1.1.0');
    const certificate = readFileSync(file('1.1.0', 'certificate.json'));
    rmSync(file('1.1.0', 'certificate.json'));
    await look(2);
    expect(states()).toEqual(['1.2.0 active', '1.1.0 UNCERTIFIED', '1.0.0 standby']);
    writeFileSync(file('1.1.0', 'certificate.json'), certificate);
    await look(2);
    expect(states()[1]).toBe('1.1.0 active');
    expect((await moves('1.1.0')).slice(-7)).toEqual([
      ...['retiring UNCERTIFIED', 'failed UNCERTIFIED', 'registered NOTICED', 'certifying NOTICED'],
      ...['warming NOTICED', 'ready LOADED', 'active NOTICED'],
    ]);
  });

  it('whose model file is exchanged under a version that serves is refused', async () => {
    for (const name of ['model.onnx', 'golden.json', 'manifest.json', 'certificate.json'])
      writeFileSync(file('1.2.0', name), readFileSync(join('models/logreg/1.0.0', name)));
    for (const name of ['manifest.json', 'certificate.json']) {
      const text = readFileSync(file('1.2.0', name), 'utf8').replace('"name": "logreg"', '"name": "gbt"');
      writeFileSync(file('1.2.0', name), text.replace('"1.0.0"', '"1.2.0"').replace('logreg@1.0.0', 'gbt@1.2.0'));
    }
    await look(2);
    expect(states()).toEqual(['1.2.0 SHA256_MISMATCH', '1.1.0 active', '1.0.0 standby']);
  });

  it('and goes leaves memory', async () => {
    rmSync(join(models, 'gbt', '1.2.0'), { recursive: true });
    await look(1);
    expect(states()[0]).toBe('1.2.0 active');
    await look(1);
    expect(states()).toEqual(['1.1.0 active', '1.0.0 standby']);
    expect((await moves('1.2.0')).slice(-2)).toEqual(['retiring REMOVED', 'retired REMOVED']);
  });

  it('while all of them cannot be read changes nothing', async () => {
    rmSync(models, { recursive: true });
    await look(3);
    expect(states()[0]).toBe('1.2.0 active');
    expect(registry.status().reason).toContain('cannot be read');
  });
});

it('what imports that were killed left behind is swept after a day', async () => {
  for (const name of ['.import-old', '.import-new', '.other']) mkdirSync(join(models, name));
  for (const name of ['.import-old', '.other']) utimesSync(join(models, name), 1, 1);
  await start();
  expect(readdirSync(models).sort()).toEqual(['.import-new', '.other', 'gbt']);
});

describe('the record of moves', () => {
  const move = (i: number): Transition => ({
    ...{
      name: 'moved',
      version: `1.${i}.0`,
      from: null,
      to: 'registered',
      code: 'START',
      text: 'x',
      who: 'ada',
      at: i,
    },
  });

  it('is written once', async () => {
    await start();
    const repository = new TransitionRepository(fresh.database);
    await repository.insertOnce([move(1), move(2)]);
    await repository.insertOnce([move(2), move(3)]);
    const rows = await repository.list('moved', undefined, 500);
    expect(rows.map(({ version }) => version)).toEqual(['1.3.0', '1.2.0', '1.1.0']);
  });

  it('waits for a database that is away, in its order, and holds nobody up', async () => {
    await start();
    const repository = new TransitionRepository(fresh.database);
    const journal = new TransitionJournal(repository);
    await fresh.database.query('alter table model_transitions rename to away');
    journal.record([move(1)]);
    await journal.flush();
    journal.record([move(2)]);
    expect(await activate('1.0.0')).toMatchObject({ status: 200 });
    await fresh.database.query('alter table away rename to model_transitions');
    await journal.flush();
    const rows = await repository.list('moved', undefined, 500);
    expect(rows.map(({ version }) => version)).toEqual(['1.2.0', '1.1.0']);
    expect((await moves('1.0.0')).at(-1)).toBe('active ACTIVATE');
  });
});

it('a log that somebody spoils while it runs changes nothing, and is named', async () => {
  await start();
  await activate('1.1.0');
  appendFileSync(join(server.home, 'models.jsonl'), 'nonsense\n');
  await expect(registry.follow()).rejects.toThrow(/models\.jsonl line 2/);
  expect(states()[1]).toBe('1.1.0 active');
});
