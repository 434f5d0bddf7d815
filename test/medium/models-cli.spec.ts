import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEATURE_NAMES } from '../../src/batch-inference/features/feature-table.js';

interface Golden {
  readonly model: string;
  readonly rows: (number | string)[][];
  readonly raw: (number | string)[][];
  readonly predictions: (number | string)[][];
}
const golden = (name: string) =>
  JSON.parse(gunzipSync(readFileSync(`test/golden/lightgbm/${name}.json.gz`)).toString()) as Golden;

const folder = mkdtempSync(join(tmpdir(), 'alphapulse-cli-'));
const models = join(folder, 'models');
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `models …`, as the last build has it. */
function models_(...words: string[]): Promise<Ran> {
  const env = { ...process.env, MODELS_DIR: models, ALPHAPULSE_HOME: join(folder, 'home') };
  return new Promise((done) => {
    execFile(process.execPath, [resolve('dist/src/cli.js'), 'models', ...words], { env }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}
const json = async (...words: string[]): Promise<never> => {
  const { code, stdout, stderr } = await models_(...words, '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as never;
};
const refused = async (...words: string[]) => {
  const { code, stdout, stderr } = await models_(...words, '--json');
  expect(stdout).toBe('');
  expect(code).toBe(1);
  return JSON.parse(stderr) as { code: string; message: string };
};

const { model, rows, raw, predictions } = golden('multiclass');
const names = FEATURE_NAMES.slice(0, 5);
/** What the command line takes: the golden rows without those that hold an infinite number. */
const finite = rows.map((row) => row.every((x) => !String(x).includes('Infinity')));
const kept = <T>(all: readonly T[]): T[] => all.filter((_, i) => finite[i]);
const csv = kept(rows)
  .map((row) => row.map((x) => (x === 'NaN' ? '' : Object.is(x, -0) ? '-0' : String(x))).join(','))
  .join('\n');

describe('models import, list, show and predict', () => {
  let source: string;
  beforeAll(() => {
    source = file('model.txt', model);
  });

  it('imports a LightGBM file, certified, and shows it', async () => {
    const { manifest, certificate } = await json('import', source, '--name', 'mine');
    expect(manifest).toMatchObject({ name: 'mine', version: '1.0.0', source: { format: 'lightgbm-text' } });
    expect(certificate).toMatchObject({ reference: { all: 'definition' } });
    expect(await json('list')).toMatchObject([{ name: 'mine', version: '1.0.0', state: 'standby', timeframes: [] }]);
    const shown = await models_('show', 'mine');
    expect(shown.stdout).toMatch(/tree +certified: largest difference 0\.0e\+0/);
    expect(readdirSync(models)).toEqual(['mine']);
  });

  it('a second import is the next version', async () => {
    expect(await json('import', source, '--name', 'mine')).toMatchObject({ manifest: { version: '1.1.0' } });
  });

  it.each(['onnx', 'tree'])(
    '%s answers as LightGBM does: margins in every bit, predictions within 2 ulp',
    async (engine) => {
      const table = file('rows.csv', csv);
      const margins: { rows: number[][] } = await json('predict', 'mine', '--rows', table, '--engine', engine, '--raw');
      expect(margins.rows).toEqual(kept(raw).map((row) => row.map(Number)));
      const probabilities: { rows: number[][] } = await json('predict', 'mine', '--rows', table, '--engine', engine);
      const expected = kept(predictions).map((row) => row.map(Number));
      probabilities.rows.forEach((row, i) =>
        row.forEach((p, k) => expect(Math.abs(p - expected[i]![k]!)).toBeLessThanOrEqual(2 ** -52)),
      );
    },
  );

  it.each<[string, string, string, RegExp]>([
    ['too few columns', '1,2', 'COLUMN_COUNT', /reads 5/],
    ['a word', '1,2,3,4,5\n1,2,3,4,five', 'NOT_A_NUMBER', /five/],
    ['an infinite number', '1,2,3,4,inf', 'NOT_FINITE', /inf/],
    ['nothing', '', 'ROWS_EMPTY', /no rows/],
  ])('rows with %s are refused', async (_, text, code, message) => {
    const refusal = await refused('predict', 'mine', '--rows', file('bad.csv', text));
    expect(refusal).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each<[string, () => string[], string]>([
    ['a file that is not there', () => ['import', join(folder, 'nowhere.txt'), '--name', 'x'], 'SOURCE_UNREADABLE'],
    ['a file of something else', () => ['import', file('x.bin', 'hello'), '--name', 'x'], 'FORMAT_UNKNOWN'],
    ['half a file', () => ['import', file('half.txt', model.slice(0, 2000)), '--name', 'x'], 'SOURCE_INVALID'],
    ['a path for a name', () => ['import', source, '--name', '../x'], 'NAME_INVALID'],
    ['a version that is there', () => ['import', source, '--name', 'mine', '--as-version', '1.0.0'], 'VERSION_EXISTS'],
    [
      'timeframes, but columns of its own',
      () => ['import', source, '--name', 'x', '--timeframes', '5m'],
      'FEATURES_MISMATCH',
    ],
    [
      'fewer features than columns',
      () => ['import', source, '--name', 'x', '--features', file('few.json', '["rsi_14"]')],
      'FEATURES_MISMATCH',
    ],
    ['an unknown model', () => ['show', 'nobody'], 'MODEL_UNKNOWN'],
    ['an unknown version', () => ['show', 'mine@9.9.9'], 'VERSION_UNKNOWN'],
    ['what serves no timeframes', () => ['activate', 'mine@1.0.0'], 'NOT_FOR_TRADING'],
    ['nothing to return to', () => ['rollback', 'mine'], 'NOTHING_BEFORE'],
  ])('%s is refused, and nothing registered', async (_, words, code) => {
    const before = readdirSync(models);
    expect((await refused(...words())).code).toBe(code);
    expect(readdirSync(models)).toEqual(before);
  });

  it('a removed version is gone, an unknown one is not removed', async () => {
    expect(await json('remove', 'mine@1.1.0')).toEqual({ removed: 'mine@1.1.0' });
    expect(existsSync(join(models, 'mine/1.1.0'))).toBe(false);
    expect((await refused('remove', 'mine')).code).toBe('VERSION_UNKNOWN');
  });
});

describe('a model that trades', () => {
  it('is activated, shadowed and rolled back, and what is in use stays', async () => {
    const source = file('model.txt', model);
    const features = file('names.json', JSON.stringify(names));
    const words = ['import', source, '--name', 'trader', '--timeframes', '5m,15m', '--features', features];
    expect(await json(...words)).toMatchObject({
      manifest: { timeframes: ['5m', '15m'], output: { classes: ['short', 'flat', 'long'] } },
    });
    await json(...words);
    const states = async () => {
      const listed: { name: string; version: string; state: string }[] = await json('list');
      return listed.filter(({ name }) => name === 'trader').map(({ version, state }) => `${version} ${state}`);
    };
    expect(await states()).toEqual(['1.1.0 standby', '1.0.0 standby']);
    await json('activate', 'trader@1.0.0');
    await json('shadow', 'trader@1.1.0');
    expect(await states()).toEqual(['1.1.0 shadow', '1.0.0 active']);
    expect((await refused('remove', 'trader@1.1.0')).code).toBe('IN_USE');
    await json('shadow', 'trader@1.1.0', '--off');
    expect(await json('activate', 'trader@1.1.0')).toEqual({ active: 'trader@1.1.0', before: '1.0.0' });
    expect((await refused('remove', 'trader@1.0.0')).code).toBe('IN_USE');
    expect(await json('rollback', 'trader')).toEqual({ active: 'trader@1.0.0', before: '1.1.0' });
    expect(await states()).toEqual(['1.1.0 standby', '1.0.0 active']);
    expect(await json('remove', 'trader@1.1.0')).toEqual({ removed: 'trader@1.1.0' });
    const log = readFileSync(join(folder, 'home/models.jsonl'), 'utf8').trim().split('\n');
    expect(log.map((line) => (JSON.parse(line) as { action: string }).action).slice(-7)).toEqual([
      ...['import', 'activate', 'shadow', 'unshadow', 'activate', 'rollback', 'remove'],
    ]);
  });

  it('is certified anew on request', async () => {
    mkdirSync(models, { recursive: true });
    rmSync(join(models, 'trader/1.0.0/certificate.json'));
    expect(await json('list')).toMatchObject([
      { name: 'mine' },
      { name: 'trader', state: 'refused', reason: { code: 'UNCERTIFIED' } },
    ]);
    expect((await refused('activate', 'trader@1.0.0')).code).toBe('NOT_READY');
    expect(await json('certify', 'trader@1.0.0')).toMatchObject({ model: 'trader@1.0.0' });
    expect((await models_('list')).stdout).toMatch(/trader@1\.0\.0 +active +5m,15m/);
  });
});
