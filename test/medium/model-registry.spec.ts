import { Logger } from '@nestjs/common';
import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FEATURE_NAMES, featureHashOf } from '../../src/batch-inference/features/feature-table.js';
import type { Activation } from '../../src/domain/ensemble.js';
import { variantLabel } from '../../src/domain/model.js';
import { admissionEntry, AdmissionService } from '../../src/model-registry/admission/admission.service.js';
import { LifecycleLog } from '../../src/model-registry/lifecycle/lifecycle-log.service.js';
import type { ModelEvent } from '../../src/model-registry/lifecycle/model-event.js';
import { TransitionJournal } from '../../src/model-registry/memory/transition-journal.service.js';
import { TransitionRepository } from '../../src/model-registry/memory/transition.repository.js';
import type { ModelList } from '../../src/model-registry/model.dto.js';
import { ModelRegistryModule } from '../../src/model-registry/model-registry.module.js';
import { ModelRegistryService } from '../../src/model-registry/model-registry.service.js';
import { schema } from '../../src/platform/config/schema.js';
import { Settings } from '../../src/platform/config/settings.js';
import type { Clock } from '../../src/platform/clock.js';
import { ExchangeClock } from '../../src/platform/exchange.clock.js';
import { addVersion } from '../builders/model-versions.js';
import { nestApp } from '../builders/nest-app.js';
import { freshDatabase } from '../builders/postgres.js';
import { SetClock } from '../builders/set-clock.js';

const catalogue = { names: FEATURE_NAMES, hashOf: featureHashOf };
const NAMES = readdirSync('models').sort();
const VERSION = '1.0.0';
const LIMITS = { judgeMs: 30_000, certifyMs: 120_000 };

/** The real models in a folder of their own, to be tampered with. */
let models: string;
const fileOf = (name: string, file: string, version = VERSION) => join(models, name, version, file);

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
afterAll(() => fresh.close());
beforeAll(async () => {
  fresh = await freshDatabase();
  // The admission process runs from dist/.
  const built = spawnSync(process.execPath, ['-e', "import('./scripts/project.mjs').then(({ build }) => build())"], {
    encoding: 'utf8',
  });
  expect(built.stderr).toBe('');
});
beforeEach(() => {
  Logger.overrideLogger(false); // a testing module puts its own back
  models = mkdtempSync(join(tmpdir(), 'alphapulse-models-'));
  cpSync('models', models, { recursive: true });
});
afterEach(() => rmSync(models, { recursive: true, force: true }));

function settingsFor(config: Record<string, string>): Settings {
  return new Settings(schema.parse(config), {
    databaseUrl: '',
    exchange: { restUrl: '', wsUrl: '', speed: 1 },
    home: models,
    modelsDir: models,
    version: '0',
    startedAt: 0,
  });
}

function registry(
  config: Record<string, string> = {},
  admission = new AdmissionService(admissionEntry(), LIMITS),
  clock: Clock = new ExchangeClock(1),
) {
  const journal = new TransitionJournal(new TransitionRepository(fresh.database));
  const service = new ModelRegistryService(settingsFor(config), catalogue, admission, clock, journal);
  const activated: Activation[][] = [];
  service.activations.to((active) => void activated.push([...active]));
  const state = () =>
    Object.fromEntries(
      service
        .status()
        .versions.map(({ name, version, state, role, refusal }) => [
          `${name}@${version}`,
          refusal?.code ?? (state === 'ready' ? role : state),
        ]),
    );
  return {
    service,
    activated,
    state,
    async load() {
      await service.load();
      const versions = state();
      return {
        versions,
        active: activated
          .at(-1)!
          .filter(({ role }) => role === 'active')
          .map(({ name }) => name)
          .sort(),
        status: service.status(),
      };
    },
  };
}

/** Changes a file's JSON. */
function edit(name: string, file: string, change: (json: never) => void): void {
  const path = fileOf(name, file);
  const json = JSON.parse(readFileSync(path, 'utf8')) as never;
  change(json);
  writeFileSync(path, JSON.stringify(json));
}

/** Changes model.onnx and keeps the checksums of manifest and certificate true, as someone would who means it. */
function editModel(name: string, change: (bytes: Buffer) => Buffer): void {
  const bytes = change(readFileSync(fileOf(name, 'model.onnx')));
  writeFileSync(fileOf(name, 'model.onnx'), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  edit(name, 'manifest.json', (json: { sha256: string }) => (json.sha256 = sha256));
  edit(name, 'certificate.json', (json: { sha256: string; variants: { sha256: string }[] }) => {
    json.sha256 = sha256;
    for (const variant of json.variants) variant.sha256 = sha256;
  });
}

const othersServe = (victim: string) => NAMES.filter((name) => name !== victim);

describe('the models of this repository', () => {
  it('are at least three, of three kinds, and all are admitted', async () => {
    const { active, versions, status } = await registry().load();
    expect(active).toEqual(NAMES);
    expect(new Set(status.versions.map(({ manifest }) => manifest?.kind)).size).toBeGreaterThanOrEqual(3);
    expect(new Set(Object.values(versions))).toEqual(new Set(['active']));
    expect(status).toMatchObject({ ready: true, reason: undefined, failed: 0 });
  });

  it('answer as the library that trained them, and their admission is on record', async () => {
    const { status } = await registry().load();
    for (const { verdict } of status.versions) {
      expect(verdict!.goldenRows).toBeGreaterThanOrEqual(64);
      expect(verdict!.goldenWorst).toBeLessThan(1e-5);
      expect(Object.values(verdict!.timings).every((ms) => ms >= 0)).toBe(true);
    }
  });

  it('are small enough for git', () => {
    for (const name of NAMES) {
      for (const file of readdirSync(join(models, name, VERSION)))
        expect(readFileSync(fileOf(name, file)).length).toBeLessThan(5_000_000);
    }
  });
});

describe('in the application', () => {
  it('GET /models tells every version, its state, origin and admission', async () => {
    const server = await nestApp([ModelRegistryModule.withFeatures(catalogue)], fresh.dataSource, {}, models);
    await server.app.get(ModelRegistryService).load();
    const { data, next } = await server.json<ModelList>('/api/v1/models');
    expect(next).toBeNull();
    expect(data.map(({ name, state, reason }) => [name, state, reason])).toEqual(
      NAMES.map((name) => [name, 'active', null]),
    );
    for (const model of data) {
      expect(model.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(model.feature_hash).toMatch(/^[0-9a-f]{64}$/);
      expect(model.training!.held_out_symbols.length).toBeGreaterThan(0);
      expect(model.admission!.load_ms).toBeGreaterThan(0);
    }
    await server.close();
  });
});

describe('a bad model is refused by name with its reason, and the others serve', () => {
  const victim = 'gbt';
  it.each<[string, string, () => void]>([
    [
      'one flipped byte',
      'SHA256_MISMATCH',
      () => {
        const bytes = readFileSync(fileOf(victim, 'model.onnx'));
        bytes[bytes.length >> 1]! ^= 1;
        writeFileSync(fileOf(victim, 'model.onnx'), bytes);
      },
    ],
    ['a truncated file', 'LOAD_FAILED', () => editModel(victim, (bytes) => bytes.subarray(0, bytes.length >> 1))],
    ['an empty file', 'LOAD_FAILED', () => editModel(victim, () => Buffer.alloc(0))],
    ['no file', 'LOAD_FAILED', () => rmSync(fileOf(victim, 'model.onnx'))],
    [
      'another model under its checksum',
      'INPUT_MISMATCH',
      () => editModel(victim, () => readFileSync(fileOf('tcn', 'model.onnx'))),
    ],
    [
      'another input name',
      'INPUT_MISMATCH',
      () => edit(victim, 'manifest.json', (json: { input: { name: string } }) => (json.input.name = 'x')),
    ],
    [
      'another output name',
      'OUTPUT_MISMATCH',
      () => edit(victim, 'manifest.json', (json: { output: { name: string } }) => (json.output.name = 'y')),
    ],
    [
      'another golden answer',
      'GOLDEN_MISMATCH',
      () => edit(victim, 'golden.json', (json: { outputs: number[][] }) => json.outputs[5]!.reverse()),
    ],
    ['no golden answers', 'GOLDEN_MISMATCH', () => rmSync(fileOf(victim, 'golden.json'))],
    ['no manifest', 'MANIFEST_MISSING', () => rmSync(fileOf(victim, 'manifest.json'))],
    ['half a manifest', 'MANIFEST_INVALID', () => writeFileSync(fileOf(victim, 'manifest.json'), '{"schema": 1')],
    ['no certificate', 'UNCERTIFIED', () => rmSync(fileOf(victim, 'certificate.json'))],
    [
      'a certificate of another file',
      'UNCERTIFIED',
      () => edit(victim, 'certificate.json', (json: { sha256: string }) => (json.sha256 = '0'.repeat(64))),
    ],
    [
      'a certificate that certifies nothing',
      'UNCERTIFIED',
      () =>
        edit(victim, 'certificate.json', (json: { variants: { certified: boolean }[] }) =>
          json.variants.forEach((one) => (one.certified = false)),
        ),
    ],
    [
      'an unknown feature',
      'FEATURE_UNKNOWN',
      () =>
        edit(
          victim,
          'manifest.json',
          (json: { features: { name: string }[] }) => (json.features[0]!.name = 'moon_phase'),
        ),
    ],
    [
      'features defined otherwise',
      'FEATURE_HASH_MISMATCH',
      () => edit(victim, 'manifest.json', (json: { feature_hash: string }) => (json.feature_hash = '0'.repeat(64))),
    ],
  ])('%s', async (_, code, tamper) => {
    tamper();
    const { versions, active, status } = await registry().load();
    expect(versions[`${victim}@${VERSION}`]).toBe(code);
    expect(active).toEqual(othersServe(victim));
    expect(status.ready).toBe(true);
    expect(status.reason).toContain(`${victim}@${VERSION} ${code}`);
  });
});

describe('without a certificate', () => {
  it('a model serves only where ALLOW_UNCERTIFIED says so, by ONNX Runtime on the CPU, and is named', async () => {
    rmSync(fileOf('gbt', 'certificate.json'));
    const { active, status } = await registry({ ALLOW_UNCERTIFIED: 'true' }).load();
    expect(active).toEqual(NAMES);
    expect(status.uncertified).toEqual(['gbt@1.0.0']);
    const { verdict } = status.versions.find(({ name }) => name === 'gbt')!;
    expect(verdict!.chosen!.runnable.variant).toEqual({ engine: 'onnx', provider: 'cpu', precision: 'full' });
  });
});

describe('the way of running it', () => {
  it('is the fastest that is certified, and its figures stand beside it', async () => {
    const { status } = await registry().load();
    for (const { name, verdict, certificate } of status.versions) {
      const { runnable, why } = verdict!.chosen!;
      expect(why).toMatch(/^(tree|onnx\/cpu) [\d.]+ ms.* for 512 rows$/);
      expect(variantLabel(runnable.variant), name).toBe(why.split(' ')[0]);
      expect(certificate!.variants.some(({ variant }) => variant === variantLabel(runnable.variant))).toBe(true);
    }
  });

  it('is never FP16 on a CPU, and shows what FP16 took', async () => {
    const { status } = await registry({ MIXED_PRECISION_ENABLED: 'true', EXECUTION_PROVIDER: 'cpu' }).load();
    const tcn = status.versions.find(({ name }) => name === 'tcn')!.verdict!.chosen!;
    expect(tcn.why).toContain('onnx/cpu/fp16');
    expect(variantLabel(tcn.runnable.variant)).toBe('onnx/cpu');
  });

  it('is the CPU where the provider that was asked for is not there, and says why', async () => {
    edit('tcn', 'certificate.json', (json: { variants: { variant: string }[] }) =>
      json.variants.push({ ...json.variants[0]!, variant: 'onnx/cuda' }),
    );
    const { status } = await registry({ EXECUTION_PROVIDER: 'cuda' }).load();
    const { verdict } = status.versions.find(({ name }) => name === 'tcn')!;
    const { variant } = verdict!.chosen!.runnable;
    if (variant.engine === 'onnx' && variant.provider === 'cuda') return; // this machine has one
    expect(variantLabel(variant)).toBe('onnx/cpu');
    expect(verdict!.notes!.join()).toMatch(/onnx\/cuda: /);
  });
});

describe('versions', () => {
  const add = (name: string, version: string) => addVersion(models, name, version);
  const decide = (action: ModelEvent['action'], version: string, from: string | null) =>
    new LifecycleLog(models).append(() => ({
      ...{ at: '2026-01-01T00:00:00Z', who: 'ada', action, name: 'gbt', version, from },
    }));

  it('the newest serves and the one before stands by', async () => {
    add('gbt', '1.10.0');
    const { versions } = await registry().load();
    expect(versions).toMatchObject({ 'gbt@1.10.0': 'active', 'gbt@1.0.0': 'standby' });
  });

  it('when the newest is refused, the one before goes on serving', async () => {
    add('gbt', '1.10.0');
    writeFileSync(fileOf('gbt', 'model.onnx', '1.10.0'), 'not a model');
    const { versions, active } = await registry().load();
    expect(versions).toMatchObject({ 'gbt@1.10.0': 'SHA256_MISMATCH', 'gbt@1.0.0': 'active' });
    expect(active).toEqual(NAMES);
  });

  it('a person decides which one serves, and the registry follows while it runs', async () => {
    add('gbt', '1.10.0');
    const { service, load, state } = registry();
    await load();
    await decide('activate', '1.0.0', '1.10.0');
    await service.follow();
    expect(state()).toMatchObject({ 'gbt@1.10.0': 'standby', 'gbt@1.0.0': 'active' });
    await decide('rollback', '1.10.0', '1.0.0');
    await decide('shadow', '1.0.0', '1.10.0');
    await service.follow();
    expect(state()).toMatchObject({ 'gbt@1.10.0': 'active', 'gbt@1.0.0': 'shadow' });
  });

  it('a shadow is handed on as one, beside the one that serves', async () => {
    add('gbt', '1.10.0');
    await decide('shadow', '1.0.0', '1.10.0');
    const { load, activated } = registry();
    await load();
    const gbt = activated.at(-1)!.filter(({ name }) => name === 'gbt');
    expect(gbt.map(({ version, role }) => [version, role])).toEqual([
      ['1.10.0', 'active'],
      ['1.0.0', 'shadow'],
    ]);
  });

  it('an imported one does not serve before it is activated', async () => {
    add('gbt', '1.10.0');
    await decide('import', '1.10.0', '1.0.0');
    expect((await registry().load()).versions).toMatchObject({ 'gbt@1.10.0': 'standby', 'gbt@1.0.0': 'active' });
  });

  it('the version before runs in shadow beside one that was just activated, and stands by when the hour is over', async () => {
    add('gbt', '1.10.0');
    await decide('activate', '1.10.0', '1.0.0');
    const clock = new SetClock(Date.parse('2026-01-01T00:59:59Z'));
    const { service, load, state } = registry({}, undefined, clock);
    expect((await load()).versions).toMatchObject({ 'gbt@1.10.0': 'active', 'gbt@1.0.0': 'shadow' });
    clock.at += 1_000;
    await service.follow();
    expect(state()).toMatchObject({ 'gbt@1.10.0': 'active', 'gbt@1.0.0': 'standby' });
  });

  it('one that is asked while there is no room comes back in a while, in place of one that nobody asks', async () => {
    for (const version of ['1.1.0', '1.2.0']) add('gbt', version);
    for (const name of NAMES) if (name !== 'gbt') rmSync(join(models, name), { recursive: true });
    const clock = new SetClock(Date.parse('2040-01-01T00:00:00Z'));
    const { service, load, state } = registry({ MODEL_CACHE_SIZE: '2' }, undefined, clock);
    const before = (await load()).versions;
    expect(before).toEqual({ 'gbt@1.2.0': 'active', 'gbt@1.1.0': 'standby', 'gbt@1.0.0': 'retired' });
    service.used({ name: 'gbt', version: '1.0.0' });
    await service.follow();
    expect(state()).toEqual(before);
    clock.at += 10_000;
    await service.follow();
    expect(state()).toEqual({ 'gbt@1.2.0': 'active', 'gbt@1.1.0': 'retired', 'gbt@1.0.0': 'standby' });
  });

  it('no more serve than MODEL_CACHE_SIZE', async () => {
    const { versions, active } = await registry({ MODEL_CACHE_SIZE: '2' }).load();
    expect(active).toHaveLength(2);
    expect(Object.values(versions).filter((state) => state === 'CACHE_FULL')).toHaveLength(NAMES.length - 2);
  });
});

describe('the registry is not ready, says why, and the process lives', () => {
  it('when every model is refused', async () => {
    for (const name of NAMES) writeFileSync(fileOf(name, 'model.onnx'), 'x');
    const { active, status } = await registry().load();
    expect(active).toEqual([]);
    expect(status.ready).toBe(false);
    for (const name of NAMES) expect(status.reason).toContain(`${name}@${VERSION} SHA256_MISMATCH`);
  });

  it('when MODELS_DIR is not there', async () => {
    rmSync(models, { recursive: true });
    const { active, status } = await registry().load();
    expect(active).toEqual([]);
    expect(status).toMatchObject({ ready: false, reason: expect.stringContaining('ENOENT') });
  });

  it('when ONNX_ENABLED is false', async () => {
    const { active, status } = await registry({ ONNX_ENABLED: 'false' }).load();
    expect(active).toEqual([]);
    expect(status.versions.every(({ state }) => state === 'disabled')).toBe(true);
    expect(status.reason).toContain('ONNX_ENABLED');
  });
});

describe('a model that takes the admission process with it', () => {
  /** An admission process that does to gbt what a bad file might do to a real one. */
  function fatal(deed: string): AdmissionService {
    const folder = join(models, '.admission');
    mkdirSync(folder);
    const entry = join(folder, 'worker.mjs');
    writeFileSync(
      entry,
      `process.once('message', async ({ judge }) => {
        for (const { candidate: { ref }, runnables } of judge) {
          process.send({ began: ref });
          if (ref.startsWith('gbt')) { await new Promise((resolve) => setTimeout(resolve, 50)); ${deed} }
          process.send({ verdict: { ref, timings: {}, chosen: { runnable: runnables[0], why: 'alone' } } });
        }
        process.disconnect();
      });`,
    );
    return new AdmissionService(entry, { judgeMs: 2_000, certifyMs: 2_000 });
  }

  it.each([
    ['aborts', 'process.abort();', 'ADMISSION_CRASHED'],
    ['throws', "throw new Error('boom');", 'ADMISSION_CRASHED'],
    ['leaves', 'process.exit(0);', 'ADMISSION_CRASHED'],
    ['never answers', 'for (;;) {}', 'ADMISSION_TIMEOUT'],
  ])('is refused when it %s, and a new process goes on with the rest', async (_, deed, code) => {
    const { versions, active } = await registry({}, fatal(deed)).load();
    expect(versions['gbt@1.0.0']).toBe(code);
    expect(active).toEqual(othersServe('gbt'));
  });
});
