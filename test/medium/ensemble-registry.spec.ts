import { Logger } from '@nestjs/common';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FEATURE_NAMES, featureHashOf } from '../../src/batch-inference/features/feature-table.js';
import { isEnsemble, type Activation } from '../../src/domain/ensemble.js';
import { refOf } from '../../src/domain/model.js';
import { int, node } from '../../src/engines/onnx/onnx-node.js';
import { encodeModel } from '../../src/engines/onnx/onnx-proto.js';
import { admissionEntry, AdmissionService } from '../../src/model-registry/admission/admission.service.js';
import { TransitionJournal } from '../../src/model-registry/memory/transition-journal.service.js';
import { TransitionRepository } from '../../src/model-registry/memory/transition.repository.js';
import { modelDto } from '../../src/model-registry/model.dto.js';
import { ModelRegistryService } from '../../src/model-registry/model-registry.service.js';
import { ExchangeClock } from '../../src/platform/exchange.clock.js';
import { ModelsCommand } from '../builders/models-command.js';
import { settingsOf } from '../builders/nest-app.js';
import { freshDatabase } from '../builders/postgres.js';
import { modelOf, weight } from '../builders/small-nets.js';

const cli = new ModelsCommand();
const LIMITS = { judgeMs: 30_000, certifyMs: 120_000 };
const catalogue = { names: FEATURE_NAMES, hashOf: featureHashOf };
let fresh: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(async () => {
  cli.remove();
  await fresh.close();
});

beforeEach(() => {
  Logger.overrideLogger(false);
  for (const name of ['gbt', 'logreg']) cpSync(`models/${name}`, join(cli.models, name), { recursive: true });
});
afterEach(() => {
  rmSync(cli.models, { recursive: true, force: true });
  rmSync(cli.home, { recursive: true, force: true });
});

/** What a service that starts now makes of the folder. */
async function loaded(config: Record<string, string> = {}) {
  const settings = settingsOf({ MODELS_DIR: cli.models, ...config }, cli.home);
  Object.assign(settings.resolved, { modelsDir: cli.models });
  const admission = new AdmissionService(admissionEntry(), LIMITS);
  const journal = new TransitionJournal(new TransitionRepository(fresh.database));
  const service = new ModelRegistryService(settings, catalogue, admission, new ExchangeClock(1), journal);
  let handedOn: readonly Activation[] = [];
  service.activations.to((activations) => void (handedOn = activations));
  await service.load();
  const told = () => {
    const { versions } = service.status();
    return {
      handedOn: handedOn.map((one) => `${refOf(one)} ${one.role}${isEnsemble(one) ? ` ${one.ensemble.method}` : ''}`),
      state: Object.fromEntries(versions.map((one) => [refOf(one), one.refusal?.code ?? one.role ?? one.state])),
      why: Object.fromEntries(versions.map((one) => [refOf(one), one.refusal?.message])),
    };
  };
  return { ...told(), service, told, journal };
}

/** softmax(x · w), a column a class. */
function net(columns: number, classes: number): Buffer {
  const nodes = [node('MatMul', ['x', 'w'], ['scores']), node('Softmax', ['scores'], ['y'], { axis: int(1) })];
  const shape = { inputs: { x: ['rows', columns] }, outputs: { y: ['rows', classes] } };
  return Buffer.from(encodeModel(modelOf({ nodes, weights: [weight('w', [columns, classes], 7, 1)], ...shape })));
}
async function imported(name: string, columns: readonly string[], classes: readonly string[]): Promise<void> {
  const features = cli.file(`${name}.names.json`, JSON.stringify(columns));
  const file = cli.file(`${name}.onnx`, net(columns.length, classes.length));
  await cli.json('import', file, '--name', name, '--features', features, '--classes', classes.join(','));
}
const file = (ensemble: object, extra: object = {}) =>
  cli.file('ensemble.json', JSON.stringify({ timeframes: ['5m'], ensemble, ...extra }));
const MEMBERS = [
  { model: 'gbt', weight: 2 },
  { model: 'logreg', version: '1.0.0' },
];
const VOTE = { method: 'weighted_vote', members: MEMBERS, on_failure: 'go_on' };
const manifestOf = (ref: string) => join(cli.models, ref.replace('@', '/'), 'manifest.json');

describe('an ensemble of versions that are there', () => {
  it('is registered by a JSON file, pinned to their files, and serves once it is activated', async () => {
    const made = await cli.json('ensemble', file(VOTE), '--name', 'blend');
    const { sha256 } = JSON.parse(readFileSync(manifestOf('gbt@1.0.0'), 'utf8')) as { sha256: string };
    expect(made).toMatchObject({
      ...{ name: 'blend', version: '1.0.0', kind: 'ensemble', timeframes: ['5m'], weight: 1 },
      ensemble: {
        members: [{ model: 'gbt', version: '1.0.0', sha256, weight: 2 }, { weight: 1 }],
        on_failure: 'go_on',
      },
    });
    expect(JSON.parse(readFileSync(manifestOf('blend@1.0.0'), 'utf8'))).toEqual(made);
    expect((await loaded()).state).toMatchObject({ 'blend@1.0.0': 'standby' });
    expect(await cli.json('activate', 'blend@1.0.0')).toEqual({ active: 'blend@1.0.0', before: null });
    const { state, handedOn } = await loaded();
    expect(state).toEqual({ 'blend@1.0.0': 'active', 'gbt@1.0.0': 'active', 'logreg@1.0.0': 'active' });
    expect(handedOn).toContain('blend@1.0.0 active weighted_vote');
  });

  it('is listed and shown with its members and its policy', async () => {
    await cli.json('ensemble', file(VOTE), '--name', 'blend');
    const [blend] = (await cli.json<{ name: string }[]>('list')).filter(({ name }) => name === 'blend');
    expect(blend).toMatchObject({ role: 'standby', kind: 'ensemble', timeframes: ['5m'], reason: null, engines: [] });
    expect((await cli.run('list')).stdout).toMatch(
      /^blend@1\.0\.0 +ready \(standby\) +5m +weighted_vote of gbt@1\.0\.0 \(weight 2\), logreg@1\.0\.0 \(weight 1\)$/m,
    );
    expect(await cli.json('show', 'blend')).toMatchObject({ manifest: { ensemble: { method: 'weighted_vote' } } });
    expect((await cli.run('show', 'blend')).stdout).toMatch(
      /where at least 1 of its members answer it\ntimeframes: 5m/,
    );
  });

  it('brings members that do not serve themselves into memory, as members', async () => {
    const regimes = ['bull', 'bear', 'sideways'];
    await imported('regime', FEATURE_NAMES.slice(0, 6), regimes);
    const gate = { method: 'regime_gate', gate: { model: 'regime' }, on_failure: 'abstain' };
    const members = [
      { model: 'gbt', regime: 'bull' },
      { model: 'logreg', regime: 'bear' },
    ];
    await cli.json('ensemble', file({ ...gate, members }), '--name', 'by-regime');
    await cli.json('activate', 'by-regime@1.0.0');
    const { handedOn } = await loaded();
    expect(handedOn).toEqual(
      expect.arrayContaining(['by-regime@1.0.0 active regime_gate', 'regime@1.0.0 member', 'gbt@1.0.0 active']),
    );
    const message = 'regime@1.0.0 is what by-regime@1.0.0 is made of';
    expect(await cli.refusal('remove', 'regime@1.0.0')).toEqual({ code: 'IN_USE', message });
  });

  it('stacks by a meta model whose columns are what its members answer', async () => {
    const columns = ['gbt', 'logreg'].flatMap((name) => ['short', 'flat', 'long'].map((one) => `${name}.${one}`));
    await imported('judge', columns, ['short', 'flat', 'long']);
    const stack = { method: 'stacking', members: [{ model: 'gbt' }, { model: 'logreg' }], on_failure: 'abstain' };
    await cli.json('ensemble', file({ ...stack, meta: { model: 'judge' } }), '--name', 'stack');
    await cli.json('activate', 'stack@1.0.0');
    const { handedOn } = await loaded();
    expect(handedOn).toEqual(expect.arrayContaining(['stack@1.0.0 active stacking', 'judge@1.0.0 member']));
    const reversed = { ...stack, members: stack.members.toReversed(), meta: { model: 'judge' } };
    expect(await cli.refusal('ensemble', file(reversed), '--name', 'wrong')).toMatchObject({
      code: 'MEMBER_UNFIT',
      message: 'judge@1.0.0: column 0 of the meta model is gbt.short, not logreg.short',
    });
  });

  it('certifies a member that was not', async () => {
    rmSync(join(cli.models, 'gbt/1.0.0/certificate.json'));
    await cli.json('ensemble', file(VOTE), '--name', 'blend');
    expect(JSON.parse(readFileSync(join(cli.models, 'gbt/1.0.0/certificate.json'), 'utf8'))).toMatchObject({
      model: 'gbt@1.0.0',
    });
  });

  it('is rolled back and run in shadow like a model, its next version after it', async () => {
    await cli.json('ensemble', file(VOTE), '--name', 'blend');
    await cli.json('activate', 'blend@1.0.0');
    await cli.json('ensemble', file({ ...VOTE, on_failure: 'abstain' }), '--name', 'blend');
    await cli.json('shadow', 'blend@1.1.0');
    const both = ['blend@1.0.0 active weighted_vote', 'blend@1.1.0 shadow weighted_vote'];
    expect((await loaded()).handedOn).toEqual(expect.arrayContaining(both));
    await cli.json('activate', 'blend@1.1.0');
    expect(await cli.json('rollback', 'blend')).toEqual({ active: 'blend@1.0.0', before: '1.1.0' });
  });
});

describe('what cannot be an ensemble is refused, and nothing is registered', () => {
  it.each<[string, object, string, RegExp]>([
    ['a member that nobody knows', { ...VOTE, members: [{ model: 'ghost' }] }, 'MODEL_UNKNOWN', /ghost/],
    [
      'a version that it does not have',
      { ...VOTE, members: [{ model: 'gbt', version: '9.0.0' }] },
      'VERSION_UNKNOWN',
      /1\.0\.0/,
    ],
    [
      'another file than it names',
      { ...VOTE, members: [{ model: 'gbt', sha256: '0'.repeat(64) }] },
      'MEMBER_NOT_READY',
      /gbt@1\.0\.0 is file/,
    ],
    ['a misspelt key', { ...VOTE, polcy: 'abstain' }, 'SOURCE_INVALID', /polcy/],
    ['a member twice', { ...VOTE, members: [{ model: 'gbt' }, { model: 'gbt' }] }, 'MANIFEST_INVALID', /twice/],
    [
      'a gate that names no regimes of its own',
      {
        method: 'regime_gate',
        gate: { model: 'gbt' },
        members: [{ model: 'logreg', regime: 'bull' }],
        on_failure: 'abstain',
      },
      'MEMBER_UNFIT',
      /no regime bull/,
    ],
  ])('%s', async (_, ensemble, code, message) => {
    const refusal = await cli.refusal('ensemble', file(ensemble), '--name', 'blend');
    expect(refusal).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect((await cli.json<{ name: string }[]>('list')).map(({ name }) => name)).toEqual(['gbt', 'logreg']);
  });

  it('an ensemble of ensembles, a version that is there, a name that is none', async () => {
    await cli.json('ensemble', file(VOTE), '--name', 'blend');
    const nested = file({ ...VOTE, members: [{ model: 'blend' }] });
    expect(await cli.refusal('ensemble', nested, '--name', 'more')).toMatchObject({ code: 'MEMBER_NOT_READY' });
    const again = ['ensemble', file(VOTE), '--name', 'blend', '--as-version', '1.0.0'];
    expect(await cli.refusal(...again)).toMatchObject({ code: 'VERSION_EXISTS' });
    expect(await cli.refusal('ensemble', file(VOTE), '--name', 'No')).toMatchObject({ code: 'NAME_INVALID' });
  });

  it('golden rows that it does not answer', async () => {
    const rows = (row: number[]) => Array.from({ length: 64 }, () => row);
    const inputs = rows([0.6, 0.3, 0.1, 0.3, 0.3, 0.4]);
    const golden = (output: number[]) =>
      cli.file('golden.json', JSON.stringify({ tolerance: { absolute: 1e-9 }, inputs, outputs: rows(output) }));
    const words = ['ensemble', file(VOTE), '--name', 'blend', '--golden'];
    expect(await cli.refusal(...words, golden([0.4, 0.3, 0.3]))).toMatchObject({ code: 'GOLDEN_MISMATCH' });
    expect(await cli.json(...words, golden([0.5, 0.3, 0.2]))).toMatchObject({ name: 'blend' });
  });
});

describe('an ensemble in the registry of a service', () => {
  beforeEach(async () => {
    await cli.json('ensemble', file(VOTE), '--name', 'blend');
    await cli.json('activate', 'blend@1.0.0');
  });

  it.each<[string, () => void, RegExp]>([
    [
      'with its file flipped',
      () => flip(join(cli.models, 'gbt/1.0.0/model.onnx')),
      /gbt@1\.0\.0 is refused: SHA256_MISMATCH/,
    ],
    [
      'without its certificate',
      () => rmSync(join(cli.models, 'gbt/1.0.0/certificate.json')),
      /gbt@1\.0\.0 is refused: UNCERTIFIED/,
    ],
    ['gone', () => rmSync(join(cli.models, 'gbt'), { recursive: true }), /gbt@1\.0\.0 is not there/],
  ])('%s does not serve, and says why; the others do', async (_, harm, why) => {
    harm();
    const found = await loaded();
    expect(found.state['blend@1.0.0']).toBe('MEMBER_NOT_READY');
    expect(found.why['blend@1.0.0']).toMatch(why);
    expect(found.handedOn).toEqual(['logreg@1.0.0 active']);
  });

  it('makes way while the service runs, and comes back with its member', async () => {
    const { service, told, journal } = await loaded();
    const file = join(cli.models, 'gbt/1.0.0/certificate.json');
    const certificate = readFileSync(file);
    rmSync(file);
    for (let look = 0; look < 2; look += 1) await service.look();
    expect(told().state).toEqual({
      'blend@1.0.0': 'MEMBER_NOT_READY',
      'gbt@1.0.0': 'UNCERTIFIED',
      'logreg@1.0.0': 'active',
    });
    expect(told().handedOn).toEqual(['logreg@1.0.0 active']);
    writeFileSync(file, certificate);
    for (let look = 0; look < 2; look += 1) await service.look();
    expect(told().state).toEqual({ 'blend@1.0.0': 'active', 'gbt@1.0.0': 'active', 'logreg@1.0.0': 'active' });
    expect(told().handedOn).toContain('blend@1.0.0 active weighted_vote');
    await journal.flush();
    const moves = await fresh.database.query<{ to_state: string }>(
      `select to_state from model_transitions where name = 'blend' and seq > (select max(seq) from model_transitions where name = 'blend' and to_state = 'failed') order by seq`,
    );
    expect(moves.map(({ to_state: state }) => state)).toEqual([
      'registered',
      'certifying',
      'warming',
      'ready',
      'active',
    ]);
  });

  it('has its place as GET /models shows it', async () => {
    const { service } = await loaded();
    const [blend] = service.status().versions.map(modelDto);
    expect(blend).toMatchObject({
      ...{ name: 'blend', kind: 'ensemble', state: 'active', role: 'active', timeframes: ['5m'], sha256: null },
      ensemble: { method: 'weighted_vote', members: [{ model: 'gbt', weight: 2 }, { model: 'logreg' }] },
    });
  });

  it('cannot be activated', async () => {
    rmSync(join(cli.models, 'gbt'), { recursive: true });
    expect(await cli.refusal('activate', 'blend@1.0.0')).toMatchObject({
      ...{ code: 'NOT_READY', message: expect.stringContaining('MEMBER_NOT_READY gbt@1.0.0 is not there') as string },
    });
  });

  it('has no certificate and no rows of its own', async () => {
    expect(await cli.refusal('certify', 'blend')).toMatchObject({ code: 'NOT_READY' });
    const rows = ['--rows', cli.file('rows.csv', '1')];
    expect(await cli.refusal('predict', 'blend', ...rows)).toMatchObject({ code: 'NOT_READY' });
  });
});

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
}
