import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { node, tensorInfo } from '../../src/engines/onnx/onnx-node.js';
import { encodeModel, TYPE, type Draft, type OnnxGraph } from '../../src/engines/onnx/onnx-proto.js';
import { ready, startApp, until, type RunningApp } from '../builders/app.js';
import { addVersion } from '../builders/model-versions.js';
import { ModelsCommand } from '../builders/models-command.js';

/** y = f(x), [rows, 3] */
function graph(over: Draft<OnnxGraph>): Uint8Array {
  const [input, output] = ['x', 'y'].map((name) => [tensorInfo(name, TYPE.FLOAT, ['rows', 3])]);
  const whole = { node: [node('Relu', ['x'], ['y'])], input, output, ...over };
  return encodeModel({ ir_version: 8, opset_import: [{ domain: '', version: 17 }], graph: whole });
}

describe('while the service runs', () => {
  const cli = new ModelsCommand();
  let app: RunningApp;
  beforeAll(async () => {
    cpSync('models', cli.models, { recursive: true });
    // The admission process really dies, of whatever a candidate might do to it.
    const killer = cli.file(
      'killer.cjs',
      `if (process.argv[1]?.endsWith('admission.worker.js')) {
        const send = process.send.bind(process);
        process.send = (reply, ...rest) => {
          if (reply.began === 'gbt@9.0.0') setTimeout(() => process.abort(), 20);
          return send(reply, ...rest);
        };
      }`,
    );
    const env = { MODELS_DIR: cli.models, SYMBOLS: '5', NODE_OPTIONS: `--require ${killer}` };
    app = await startApp(cli.home, env);
    await ready(app);
  });
  afterAll(async () => {
    await app.end('SIGKILL');
    cli.remove();
  });

  /** By model, `name@version`: its state, or why it is refused. */
  const states = async () => {
    const { data } = await app.get<{ data: ModelJson[] }>('/api/v1/models');
    return Object.fromEntries(
      data.map(({ name, version, state, role, reason }) => [`${name}@${version}`, reason?.code ?? role ?? state]),
    );
  };
  const become = (expected: Record<string, string>) =>
    until(app, JSON.stringify(expected), async () => {
      const found = await states();
      return Object.entries(expected).every(([ref, state]) => found[ref] === state) ? found : undefined;
    });

  const act = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await app.request(`/api/v1/models/${path}`, init);
    return { status: response.status, json: (await response.json()) as object };
  };
  /** Waits for a run of a version of gbt in a role, from now on. */
  const runsOf = (version: string, role: string) => {
    const begun = Date.now();
    return until(app, `runs of ${version} as ${role}`, async () => {
      const { data } = await app.get<{ data: { role: string; recorded_at: string }[] }>(
        `/api/v1/runs?model=gbt@${version}&limit=5`,
      );
      return data.some((run) => run.role === role && Date.parse(run.recorded_at) > begun) ? true : undefined;
    });
  };

  it.each<[string, () => Uint8Array, string]>([
    ['half a model', () => readFileSync('models/tcn/1.0.0/model.onnx').subarray(0, 5_000), 'FORMAT_UNKNOWN'],
    [
      'weights outside its folder',
      () => {
        const external_data = [{ key: 'location', value: '../../../../etc/passwd' }];
        return graph({
          initializer: [{ name: 'w', dims: [3], data_type: TYPE.FLOAT, data_location: 1, external_data }],
        });
      },
      'SOURCE_INVALID',
    ],
    ['an operator that nobody knows', () => graph({ node: [node('Relu7', ['x'], ['y'])] }), 'LOAD_FAILED'],
    [
      'answers that are no numbers',
      () => graph({ node: [node('Sub', ['x', 'x'], ['z']), node('Div', ['z', 'z'], ['y'])] }),
      'ANSWERS_NOT_FINITE',
    ],
  ])('an import of %s is refused, and the service goes on with what it has', async (_, bytes, code) => {
    const before = await states();
    const source = cli.file('hostile.onnx', bytes());
    expect((await cli.refusal('import', source, '--name', 'hostile')).code).toBe(code);
    expect(await states()).toEqual(before);
    expect((await app.request('/health/ready')).status).toBe(200);
  });

  it('a version is imported, activated, spoilt, certified anew and rolled back, and the service follows', async () => {
    const words = ['import', 'models/gbt/1.0.0/model.onnx', '--name', 'gbt', '--timeframes', '1m,5m,15m,1h'];
    await cli.json(...words, '--features', 'models/gbt/1.0.0/manifest.json');
    await become({ 'gbt@1.1.0': 'standby', 'gbt@1.0.0': 'active' });
    await cli.json('activate', 'gbt@1.1.0');
    await become({ 'gbt@1.1.0': 'active', 'gbt@1.0.0': 'shadow' });

    const certificate = join(cli.models, 'gbt/1.1.0/certificate.json');
    writeFileSync(certificate, readFileSync(certificate, 'utf8').replace('"gbt@1.1.0"', '"gbt@1.0.0"'));
    await cli.json('certify', 'logreg@1.0.0');
    await become({ 'gbt@1.1.0': 'UNCERTIFIED', 'gbt@1.0.0': 'active', 'logreg@1.0.0': 'active' });

    await cli.json('certify', 'gbt@1.1.0');
    await become({ 'gbt@1.1.0': 'active', 'gbt@1.0.0': 'shadow' });
    await cli.json('rollback', 'gbt');
    await become({ 'gbt@1.1.0': 'standby', 'gbt@1.0.0': 'active' });
    expect((await app.request('/health/ready')).status).toBe(200);
  });

  it('a candidate that takes the admission process with it fails, is not activated, and harms nothing', async () => {
    addVersion(cli.models, 'gbt', '9.0.0');
    await become({ 'gbt@9.0.0': 'ADMISSION_CRASHED', 'gbt@1.0.0': 'active' });
    expect(await act('gbt/activate', { version: '9.0.0' })).toMatchObject({ status: 409, json: { code: 'NOT_READY' } });
    expect((await app.request('/health/ready')).status).toBe(200);
    const { data } = await app.get<{ data: object[] }>('/api/v1/models/gbt/history');
    expect(data[0]).toMatchObject({ version: '9.0.0', from: 'certifying', to: 'failed', code: 'ADMISSION_CRASHED' });
    await runsOf('1.0.0', 'active');
  });

  it('a version that is copied into its place by hand is canary, serves and is rolled back, run after run', async () => {
    addVersion(cli.models, 'gbt', '2.0.0');
    await become({ 'gbt@2.0.0': 'standby', 'gbt@1.0.0': 'active' });
    expect(await act('gbt/canary', { version: '2.0.0', share: 0.5 })).toMatchObject({ status: 200 });
    await runsOf('2.0.0', 'canary');
    expect(await act('gbt/activate', { version: '2.0.0' })).toMatchObject({ status: 200, json: { serving: '2.0.0' } });
    await runsOf('2.0.0', 'active');
    await runsOf('1.0.0', 'shadow');
    expect(await act('gbt/rollback', {})).toMatchObject({ status: 200, json: { serving: '1.0.0' } });
    await become({ 'gbt@2.0.0': 'standby', 'gbt@1.0.0': 'active' });
  });

  it('and it ends as it should', async () => {
    expect(await app.end('SIGINT')).toEqual({ code: 0, signal: null });
  });
});

interface ModelJson {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly role: string | null;
  readonly reason: { readonly code: string } | null;
}
