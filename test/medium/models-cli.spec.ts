import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEATURE_NAMES } from '../../src/batch-inference/features/feature-table.js';
import { ModelsCommand } from '../builders/models-command.js';
import { golden } from '../golden/lightgbm/golden.js';

const cli = new ModelsCommand();
afterAll(() => cli.remove());

/** Three classes and five columns without names. */
const { model } = golden('multiclass');
const source = cli.file('model.txt', model);
const ours = cli.file('names.json', JSON.stringify(FEATURE_NAMES.slice(0, 5)));
const trading = ['--timeframes', '5m,15m', '--features', ours];

describe('import, list, show, remove', () => {
  it('a LightGBM file is imported, certified and shown', async () => {
    expect(await cli.json('import', source, '--name', 'mine')).toMatchObject({
      manifest: { name: 'mine', version: '1.0.0', source: { format: 'lightgbm-text', file: 'model.txt' } },
      certificate: { model: 'mine@1.0.0', reference: { all: 'definition' } },
    });
    expect(await cli.json('list')).toMatchObject([
      { name: 'mine', version: '1.0.0', state: 'ready', role: 'standby', timeframes: [], features: 5, reason: null },
    ]);
    expect(await cli.json('show', 'mine')).toMatchObject({
      manifest: { features: [{ name: 'Column_0' }, {}, {}, {}, {}], output: { shape: [null, 3], classes: null } },
      engines: [
        { engine: 'tree', certified: true, rows: 512 },
        { engine: 'onnx/cpu', certified: true, rows: 512 },
      ],
      standing: { choice: null, before: [], shadows: [], canary: null, pinned: false },
    });
  });

  it('the next import of the name is the next version, or the one that was asked for', async () => {
    expect(await cli.json('import', source, '--name', 'mine')).toMatchObject({ manifest: { version: '1.1.0' } });
    const asked = await cli.json('import', source, '--name', 'mine', '--as-version', '2.0.0-rc.1');
    expect(asked).toMatchObject({ manifest: { version: '2.0.0-rc.1' } });
  });

  it('one of two imports of the same version at once is refused', async () => {
    const words = ['import', source, '--name', 'twice', '--as-version', '1.0.0', '--json'];
    const ran = await Promise.all([cli.run(...words), cli.run(...words)]);
    expect(ran.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect(JSON.parse(ran.map(({ stderr }) => stderr).join(''))).toMatchObject({ code: 'VERSION_EXISTS' });
    expect((await cli.json<object[]>('list')).filter((one) => 'name' in one && one.name === 'twice')).toHaveLength(1);
  });

  it('without --json each says in words what it did', async () => {
    const said = async (...words: string[]) => {
      const { code, stdout, stderr } = await cli.run(...words);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };
    expect(await said('import', source, '--name', 'words')).toMatch(/^words@1\.0\.0 is imported from model\.txt/);
    expect(await said('list')).toMatch(
      /^mine@1\.1\.0 +ready \(standby\) +predictions only +(tree|onnx\/cpu), [\d.]+ ms/m,
    );
    expect(await said('show', 'mine@1.1.0')).toMatch(/tree +certified: largest difference 0\.0e\+0, 0 flips/);
    expect(await said('certify', 'words')).toMatch(/onnx\/cpu +certified/);
    expect(await said('predict', 'words', '--rows', cli.file('one.csv', '1,2,3,4,5'))).toMatch(
      /^0\.\d+,0\.\d+,0\.\d+\n$/,
    );
    expect(await said('remove', 'words@1.0.0')).toBe('words@1.0.0 is removed\n');
    const { code, stdout, stderr } = await cli.run('show', 'words');
    expect({ code, stdout, stderr }).toEqual({
      ...{ code: 1, stdout: '', stderr: 'MODEL_UNKNOWN: no model is called words\n' },
    });
  });

  it('a wrong use shows how it is used', async () => {
    const { code, stdout, stderr } = await cli.run('import', source);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/--name.*not specified[^]*Usage:/);
  });
});

describe('what cannot be done is refused by a stable code, and nothing is changed', () => {
  const imported = (...words: string[]) => ['import', source, ...words];
  const named = (...names: string[]) => ['--features', cli.file('other.json', JSON.stringify(names))];

  it.each<[string, () => string[], string, RegExp]>([
    ['a file that is not there', () => ['import', 'nowhere.txt', '--name', 'x'], 'SOURCE_UNREADABLE', /ENOENT/],
    [
      'a file of something else',
      () => ['import', cli.file('x', 'hi'), '--name', 'x'],
      'FORMAT_UNKNOWN',
      /training\/export/,
    ],
    ['half a file', () => ['import', cli.file('half', model.slice(0, 2000)), '--name', 'x'], 'SOURCE_INVALID', /./],
    ['a path for a name', () => imported('--name', '../x'), 'NAME_INVALID', /lower case/],
    ['a name of two words', () => imported('--name', 'a b'), 'NAME_INVALID', /lower case/],
    ['a name in capitals', () => imported('--name', 'Mine'), 'NAME_INVALID', /lower case/],
    ['a name too long', () => imported('--name', 'x'.repeat(41)), 'NAME_INVALID', /lower case/],
    ['no name', () => imported('--name', ''), 'NAME_INVALID', /lower case/],
    ['a path for a version', () => imported('--name', 'x', '--as-version', '../1.0.0'), 'NAME_INVALID', /semantic/],
    [
      'a version too long for a folder',
      () => imported('--name', 'x', '--as-version', `1.0.0-${'x'.repeat(300)}`),
      'NAME_INVALID',
      /at most 64/,
    ],
    [
      'a class without a name',
      () => imported('--name', 'x', '--classes', 'a,,c'),
      'MANIFEST_INVALID',
      /output\.classes/,
    ],
    [
      'a version that is there',
      () => imported('--name', 'mine', '--as-version', '1.0.0'),
      'VERSION_EXISTS',
      /--as-version/,
    ],
    [
      'an unknown timeframe',
      () => imported('--name', 'x', '--timeframes', '5m,7m'),
      'TIMEFRAME_UNKNOWN',
      /7m; there are 1m/,
    ],
    [
      'timeframes, but columns of its own',
      () => imported('--name', 'x', '--timeframes', '5m'),
      'FEATURES_MISMATCH',
      /Column_0/,
    ],
    [
      'fewer features than columns',
      () => imported('--name', 'x', ...named('rsi_14')),
      'FEATURES_MISMATCH',
      /1 columns.* 5/,
    ],
    ['features that are no list', () => imported('--name', 'x', '--features', source), 'FEATURES_MISMATCH', /no JSON/],
    [
      'features without an end',
      () => imported('--name', 'x', '--features', '/dev/zero'),
      'SOURCE_UNREADABLE',
      /regular/,
    ],
    [
      'golden answers without an end',
      () => imported('--name', 'x', '--golden', '/dev/zero'),
      'SOURCE_UNREADABLE',
      /regular/,
    ],
    ['golden answers that are none', () => imported('--name', 'x', '--golden', source), 'GOLDEN_MISMATCH', /JSON/],
    ['rows that are not there', () => ['predict', 'mine', '--rows', 'nowhere.csv'], 'SOURCE_UNREADABLE', /ENOENT/],
    ['rows without an end', () => ['predict', 'mine', '--rows', '/dev/zero'], 'SOURCE_UNREADABLE', /regular/],
    ['an unknown model', () => ['certify', 'nobody'], 'MODEL_UNKNOWN', /nobody/],
    ['a path for a model', () => ['show', '../models/mine'], 'MODEL_UNKNOWN', /mine/],
    ['an unknown version', () => ['show', 'mine@9.9.9'], 'VERSION_UNKNOWN', /it has 2\.0\.0-rc\.1, 1\.1\.0, 1\.0\.0/],
    ['a version and something', () => ['remove', 'mine@1.0.0@x'], 'VERSION_UNKNOWN', /1\.0\.0@x/],
    ['no version where one is asked for', () => ['remove', 'mine'], 'VERSION_UNKNOWN', /name the version/],
    ['nor to activate', () => ['activate', 'mine'], 'VERSION_UNKNOWN', /name the version/],
    ['a model without timeframes', () => ['activate', 'mine@1.0.0'], 'NOT_FOR_TRADING', /--timeframes/],
    ['such a one in shadow', () => ['shadow', 'mine@1.0.0'], 'NOT_FOR_TRADING', /--timeframes/],
    ['nothing to return to', () => ['rollback', 'mine'], 'NOTHING_BEFORE', /mine/],
    ['a return of nobody', () => ['rollback', 'nobody'], 'MODEL_UNKNOWN', /nobody/],
  ])('%s', async (_, words, code, message) => {
    const before = cli.everything();
    const refusal = await cli.refusal(...words());
    expect(refusal).toEqual({ code, message: expect.stringMatching(message) });
    expect(cli.everything()).toEqual(before);
  });

  it('names in another order than the model has, and one column where three are traded on', async () => {
    const own = model.replace(/^feature_names=.*$/m, `feature_names=${FEATURE_NAMES.slice(0, 5).join(' ')}`);
    const words = ['import', cli.file('named.txt', own.replace(/^tree_sizes=.*\n/m, '')), '--name', 'x'];
    const [first, second, ...rest] = FEATURE_NAMES.slice(0, 5);
    expect(await cli.refusal(...words, ...named(second!, first!, ...rest))).toEqual({
      code: 'FEATURES_MISMATCH',
      message: `column 0 is ${first} in the model and ${second} in --features: put them in the model's order`,
    });
    const binary = ['import', cli.file('binary.txt', golden('binary').model), '--name', 'x'];
    expect(await cli.refusal(...binary, ...trading)).toEqual({
      code: 'OUTPUT_MISMATCH',
      message: expect.stringMatching(/answers short, flat, long; this one answers 1 numbers/),
    });
  });
});

describe('a model that trades', () => {
  const states = async () => {
    const listed = await cli.json<{ name: string; version: string; role: string }[]>('list');
    return listed.filter(({ name }) => name === 'trader').map(({ version, role }) => `${version} ${role}`);
  };
  beforeAll(async () => {
    await cli.json('import', source, '--name', 'trader', ...trading);
    await cli.json('import', source, '--name', 'trader', ...trading);
  });

  it('answers short, flat and long on the features it was told', async () => {
    expect(await cli.json('show', 'trader@1.0.0')).toMatchObject({
      manifest: {
        ...{ timeframes: ['5m', '15m'], output: { classes: ['short', 'flat', 'long'] } },
        ...{ features: FEATURE_NAMES.slice(0, 5).map((name) => ({ name })) },
        feature_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      certificate: { thresholds: { min_confidence: expect.any(Number) } },
    });
  });

  it('serves once it is activated, is shadowed and rolled back; what is in use stays', async () => {
    expect(await states()).toEqual(['1.1.0 standby', '1.0.0 standby']);
    expect(await cli.json('activate', 'trader@1.0.0')).toEqual({ active: 'trader@1.0.0', before: null });
    expect(await cli.json('shadow', 'trader@1.1.0')).toEqual({ model: 'trader@1.1.0', shadow: true });
    expect(await states()).toEqual(['1.1.0 shadow', '1.0.0 active']);
    expect((await cli.refusal('remove', 'trader@1.1.0')).code).toBe('IN_USE');
    expect((await cli.refusal('remove', 'trader@1.0.0')).code).toBe('IN_USE');
    expect((await cli.refusal('shadow', 'trader@1.0.0')).code).toBe('IN_USE');
    expect(await cli.json('shadow', 'trader@1.1.0', '--off')).toEqual({ model: 'trader@1.1.0', shadow: false });
    expect(await states()).toEqual(['1.1.0 standby', '1.0.0 active']);
    expect(await cli.json('activate', 'trader@1.1.0')).toEqual({ active: 'trader@1.1.0', before: '1.0.0' });
    expect((await cli.refusal('remove', 'trader@1.0.0')).message).toMatch(/rollback/);
    expect(await cli.json('rollback', 'trader')).toEqual({ active: 'trader@1.0.0', before: '1.1.0' });
    expect((await cli.refusal('rollback', 'trader')).code).toBe('NOTHING_BEFORE');
    expect(await states()).toEqual(['1.1.0 standby', '1.0.0 active']);
    expect(await cli.json('remove', 'trader@1.1.0')).toEqual({ removed: 'trader@1.1.0' });
    const log = readFileSync(join(cli.home, 'models.jsonl'), 'utf8').trim().split('\n');
    expect(log.map((line) => (JSON.parse(line) as { action: string }).action).slice(-7)).toEqual([
      ...['import', 'activate', 'shadow', 'unshadow', 'activate', 'rollback', 'remove'],
    ]);
  });

  it('is canary, pinned and unpinned; each act has its reason in its history', async () => {
    await cli.json('import', source, '--name', 'trader', '--as-version', '2.0.0', ...trading, '--reason', 'retrained');
    const canary = ['canary', 'trader@2.0.0'];
    expect(await cli.json(...canary, '0.25', '--reason', 'cautiously')).toEqual({
      model: 'trader@2.0.0',
      canary: 0.25,
    });
    expect((await cli.run('list')).stdout).toMatch(/trader@2\.0\.0 +ready \(canary 25 %\)/);
    expect((await cli.run('show', 'trader')).stdout).toMatch(/canary: 2\.0\.0, 25 % of the symbols/);
    expect((await cli.refusal('remove', 'trader@2.0.0')).code).toBe('IN_USE');
    for (const share of ['10%', '2', ''])
      expect((await cli.refusal('canary', 'trader@2.0.0', share)).code).toBe('SHARE_INVALID');
    expect(await cli.json('uncanary', 'trader')).toEqual({ model: 'trader@2.0.0', canary: 0 });
    expect((await cli.refusal('uncanary', 'trader')).code).toBe('NO_CANARY');
    expect(await cli.json('pin', 'trader')).toEqual({ model: 'trader@1.0.0', pinned: true });
    for (const words of [
      ['activate', 'trader@2.0.0'],
      ['rollback', 'trader'],
      [...canary, '0.5'],
    ])
      expect((await cli.refusal(...words)).code).toBe('PINNED');
    expect(await cli.json('unpin', 'trader')).toEqual({ model: 'trader@1.0.0', pinned: false });
    expect((await cli.refusal('activate', 'trader@2.0.0', '--from', '1.1.0')).code).toBe('CONFLICT');
    expect((await cli.json<object[]>('history', 'trader')).slice(-5)).toMatchObject([
      { action: 'import', version: '2.0.0', from: '1.0.0', reason: 'retrained' },
      { action: 'canary', version: '2.0.0', share: 0.25, reason: 'cautiously' },
      ...[{ action: 'uncanary' }, { action: 'pin', version: '1.0.0' }, { action: 'unpin' }],
    ]);
    expect((await cli.run('history', 'trader')).stdout).toMatch(/ canary trader@2\.0\.0 25 % by .+: cautiously$/m);
  });

  it('of two processes that act on the same belief, one is told that the other was first', async () => {
    await cli.json('import', source, '--name', 'trader', '--as-version', '3.0.0', ...trading);
    const activate = (version: string) => cli.run('activate', `trader@${version}`, '--from', '1.0.0', '--json');
    const ran = await Promise.all([activate('2.0.0'), activate('3.0.0')]);
    expect(ran.map(({ code }) => code).sort()).toEqual([0, 1]);
    const refused = ran.find(({ code }) => code === 1)!;
    expect(JSON.parse(refused.stderr)).toEqual({
      ...{ code: 'CONFLICT', message: expect.stringMatching(/^trader@[23]\.0\.0 serves now, not 1\.0\.0/) },
    });
    expect(await cli.json('rollback', 'trader')).toMatchObject({ active: 'trader@1.0.0' });
    for (const version of ['2.0.0', '3.0.0']) await cli.json('remove', `trader@${version}`);
  });

  it('the last version of a name takes the folder of the name with it', async () => {
    await cli.json('import', source, '--name', 'short-lived');
    await cli.json('remove', 'short-lived@1.0.0');
    expect(existsSync(join(cli.models, 'short-lived'))).toBe(false);
  });

  it('without its certificate is refused, until it is certified anew', async () => {
    rmSync(join(cli.models, 'trader/1.0.0/certificate.json'));
    const listed = await cli.json<{ name: string }[]>('list');
    expect(listed.find(({ name }) => name === 'trader')).toMatchObject({
      state: 'failed',
      reason: { code: 'UNCERTIFIED' },
    });
    for (const words of [
      ['activate', 'trader@1.0.0'],
      ['predict', 'trader', '--rows', cli.file('one.csv', '1,2,3,4,5')],
    ])
      expect((await cli.refusal(...words)).code).toBe('NOT_READY');
    expect(await cli.json('certify', 'trader@1.0.0')).toMatchObject({ model: 'trader@1.0.0' });
    expect(readFileSync(join(cli.home, 'models.jsonl'), 'utf8')).toMatch(/"action":"certify","name":"trader"[^\n]*\n$/);
    expect((await cli.run('list')).stdout).toMatch(/trader@1\.0\.0 +active +5m,15m/);
  });

  it('takes labels, training, reference and weight from a manifest', async () => {
    const words = ['import', 'models/gbt/1.0.0/model.onnx', '--name', 'gbt', '--timeframes', '1h'];
    const { manifest } = await cli.json<{ manifest: object }>(...words, '--features', 'models/gbt/1.0.0/manifest.json');
    const { features, labels, training, reference, weight } = JSON.parse(
      readFileSync('models/gbt/1.0.0/manifest.json', 'utf8'),
    ) as Record<string, unknown>;
    const taken = { features, labels, training, reference, weight };
    expect(manifest).toMatchObject({ kind: 'tree-ensemble', timeframes: ['1h'], ...taken });
  });
});

describe('a log that says nothing sensible', () => {
  it('is named, with what to do', async () => {
    const log = join(cli.home, 'models.jsonl');
    const whole = readFileSync(log);
    cli.file('home/models.jsonl', 'nonsense\n');
    expect(await cli.refusal('list')).toEqual({
      code: 'LIFECYCLE_LOG_INVALID',
      message: expect.stringMatching(/models\.jsonl line 1 is no event; put it right/),
    });
    cli.file('home/models.jsonl', whole);
  });
});
