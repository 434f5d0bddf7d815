import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { node, tensorInfo, type AttributeDraft } from '../../src/engines/onnx/onnx-node.js';
import { ATTRIBUTE, encodeModel, TYPE, type Draft, type OnnxGraph } from '../../src/engines/onnx/onnx-proto.js';
import { tensorOf } from '../../src/engines/onnx/onnx-tensor.js';
import { score } from '../../src/model-registry/scoring/scoring.service.js';
import { freshRegistrar } from '../builders/registrar.js';

const folder = mkdtempSync(join(tmpdir(), 'alphapulse-hostile-'));
const { registrar, modelsDir, remove } = freshRegistrar();
afterAll(() => {
  remove();
  rmSync(folder, { recursive: true, force: true });
});

const SHIPPED = readFileSync('models/gbt/1.0.0/model.onnx');

function file(name: string, bytes: Uint8Array | string): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

/** y = Relu(x), [rows, 3], with something about it that should not be. */
function onnx(name: string, over: Draft<OnnxGraph>): string {
  const graph: Draft<OnnxGraph> = {
    node: [node('Relu', ['x'], ['y'])],
    input: [tensorInfo('x', TYPE.FLOAT, ['rows', 3])],
    output: [tensorInfo('y', TYPE.FLOAT, ['rows', 3])],
    ...over,
  };
  return file(name, encodeModel({ ir_version: 8, opset_import: [{ domain: '', version: 17 }], graph }));
}

const relu = node('Relu', ['x'], ['y']);
const bomb: AttributeDraft = { type: ATTRIBUTE.TENSOR, t: tensorOf('', [1], Float32Array.of(1)) };

/** y = Relu(x) below as many Ifs. */
function nested(levels: number): Draft<OnnxGraph> {
  const output = [tensorInfo('y', TYPE.FLOAT, ['rows', 3])];
  if (levels === 0) return { node: [relu], output };
  const branch = (g: Draft<OnnxGraph>): AttributeDraft => ({ type: ATTRIBUTE.GRAPH, g });
  const branches = { then_branch: branch(nested(levels - 1)), else_branch: branch(nested(0)) };
  return { node: [node('If', ['yes'], ['y'], branches)], output };
}
const passwords = { key: 'location', value: '../../../../etc/passwd' };

/** @returns the refusal's code and message */
async function refusalOf(source: string): Promise<{ code: string; message: string }> {
  const request = {
    name: 'hostile',
    source,
    timeframes: [],
    features: undefined,
    golden: undefined,
    trees: 'best',
  } as const;
  const taken = await registrar.import(request).catch((error: { code: string; message: string }) => error);
  if (!('code' in taken)) throw new Error('it was registered');
  return taken;
}

describe('a hostile file is refused by a stable code, and nothing is registered', () => {
  it.each<[string, () => string, string, RegExp]>([
    [
      'an input with an axis for a window of 1',
      () => {
        const input = [tensorInfo('x', TYPE.FLOAT, ['rows', 1, 3])];
        return onnx('one-candle', { input, node: [node('Flatten', ['x'], ['y'])] });
      },
      'INPUT_MISMATCH',
      /\["rows",1,3\].*export it as \[rows, features\]/,
    ],
    ['an empty file', () => file('empty', ''), 'SOURCE_INVALID', /empty/],
    [
      'random bytes',
      () =>
        file(
          'random',
          Buffer.from(SHIPPED).map((x, i) => x ^ (i * 7919)),
        ),
      'FORMAT_UNKNOWN',
      /neither/,
    ],
    [
      'a truncated ONNX file',
      () => file('cut.onnx', SHIPPED.subarray(0, SHIPPED.length - 1)),
      'FORMAT_UNKNOWN',
      /neither/,
    ],
    ['a folder', () => folder, 'SOURCE_UNREADABLE', /export\.json/],
    ['a device without an end', () => '/dev/zero', 'SOURCE_UNREADABLE', /no regular file/],
    [
      'a pipe that nobody writes to',
      () => (execFileSync('mkfifo', [join(folder, 'pipe')]), join(folder, 'pipe')),
      'SOURCE_UNREADABLE',
      /no regular file/,
    ],
    [
      'a link to such a device',
      () => (symlinkSync('/dev/zero', join(folder, 'link')), join(folder, 'link')),
      'SOURCE_UNREADABLE',
      /no regular file/,
    ],
    [
      'a file of 300 MB with nothing in it',
      () => (truncateSync(file('sparse', 'tree\n'), 300 * 2 ** 20), join(folder, 'sparse')),
      'SOURCE_TOO_LARGE',
      /at most/,
    ],
    ['a name outside the folder', () => join(folder, '../../nowhere/model.txt'), 'SOURCE_UNREADABLE', /cannot be read/],
    [
      'weights in another file',
      () =>
        onnx('external.onnx', {
          initializer: [{ name: 'w', dims: [3], data_type: TYPE.FLOAT, data_location: 1, external_data: [passwords] }],
        }),
      'SOURCE_INVALID',
      /ONNX_EXTERNAL_DATA/,
    ],
    [
      'a constant that grows to a terabyte',
      () =>
        onnx('bomb.onnx', {
          node: [node('ConstantOfShape', ['size'], ['big'], { value: bomb }), relu],
          initializer: [tensorOf('size', [2], BigInt64Array.of(1_000_000n, 250_000n))],
        }),
      'SOURCE_INVALID',
      /ONNX_TOO_LARGE/,
    ],
    [
      'graphs inside graphs',
      () => onnx('nested.onnx', { ...nested(30), initializer: [tensorOf('yes', [1], Uint8Array.of(1))] }),
      'SOURCE_INVALID',
      /ONNX_TOO_LARGE.*nested/,
    ],
    [
      'an operator of its own',
      () => onnx('custom.onnx', { node: [node('Steal', ['x'], ['y'], {}, 'evil.example')] }),
      'SOURCE_INVALID',
      /ONNX_OPERATOR_UNSUPPORTED/,
    ],
    [
      'two inputs',
      () => onnx('two.onnx', { input: ['x', 'z'].map((name) => tensorInfo(name, TYPE.FLOAT, ['rows', 3])) }),
      'NOT_EXPRESSIBLE',
      /2 inputs/,
    ],
    [
      'a fixed batch',
      () => onnx('fixed.onnx', { input: [tensorInfo('x', TYPE.FLOAT, [1, 3])] }),
      'NOT_EXPRESSIBLE',
      /rows/,
    ],
    [
      'an operator that the runtime does not know',
      () => onnx('unknown.onnx', { node: [node('Relu7', ['x'], ['y'])] }),
      'LOAD_FAILED',
      /Relu7/,
    ],
    [
      'another shape than it declares',
      () => onnx('shape.onnx', { output: [tensorInfo('y', TYPE.FLOAT, ['rows', 7])] }),
      'LOAD_FAILED',
      /./,
    ],
  ])('%s', async (_, source, code, message) => {
    const refusal = await refusalOf(source());
    expect(refusal).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(readdirSync(modelsDir)).toEqual([]);
  });

  it('a model that answers NaN', async () => {
    const source = onnx('nan.onnx', { node: [node('Sub', ['x', 'x'], ['z']), node('Div', ['z', 'z'], ['y'])] });
    const refusal = await refusalOf(source);
    expect(refusal).toMatchObject({ code: 'ANSWERS_NOT_FINITE' });
    expect(readdirSync(modelsDir)).toEqual([]);
  });

  it.each([
    ['takes the admission process with it', 'process.abort();', 'ADMISSION_CRASHED'],
    ['never lets go of it', 'for (;;) {}', 'ADMISSION_TIMEOUT'],
  ])('a model that %s', async (_, deed, code) => {
    const entry = file(
      'admission.mjs',
      `process.once('message', ({ certify }) => { process.send({ began: certify.ref }); setTimeout(() => { ${deed} }, 50); });`,
    );
    const fatal = freshRegistrar(entry, { judgeMs: 2_000, certifyMs: 2_000 });
    try {
      const source = onnx('fine.onnx', {});
      const taken = await fatal.registrar.import({
        ...{ name: 'hostile', source, timeframes: [], features: undefined, golden: undefined, trees: 'best' },
      });
      expect(taken).toMatchObject({ code });
      expect(readdirSync(fatal.modelsDir)).toEqual([]);
    } finally {
      fatal.remove();
    }
  });

  it('a folder of training/export whose model was exchanged', async () => {
    const copy = join(folder, 'exchanged');
    mkdirSync(copy);
    const from = 'test/golden/export/torch-mlp';
    for (const name of readdirSync(from)) writeFileSync(join(copy, name), readFileSync(join(from, name)));
    writeFileSync(join(copy, 'model.onnx'), SHIPPED);
    expect(await refusalOf(copy)).toMatchObject({
      code: 'SOURCE_INVALID',
      message: expect.stringContaining('export.json'),
    });
  });
});

describe('a certificate that was edited by hand', () => {
  const name = 'edited';
  const path = join(modelsDir, name, '1.0.0', 'certificate.json');
  let certificate: string;
  beforeAll(async () => {
    const taken = await registrar.import({
      ...{
        name,
        source: onnx('edited.onnx', {}),
        timeframes: [],
        features: undefined,
        golden: undefined,
        trees: 'best',
      },
    });
    if ('code' in taken) throw new Error(taken.message);
    certificate = readFileSync(path, 'utf8');
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['to be of another model', (text) => text.replace('"edited@1.0.0"', '"gbt@1.0.0"'), /of gbt@1\.0\.0/],
    ['to be of another file', (text) => text.replace(/"sha256": "../, '"sha256": "00'), /another model\.onnx/],
    [
      'to certify what nobody runs',
      (text) => text.replace('"variant": "onnx/cpu"', '"variant": "onnx/abacus"'),
      /no variant/,
    ],
    ['to certify nothing', (text) => text.replaceAll('"certified": true', '"certified": false'), /no way of running/],
    ['to say more than it may', (text) => text.replace('{', '{ "trust": "me",'), /trust/],
    ['and cut off', (text) => text.slice(0, -20), /certificate\.json: /],
  ])('%s covers nothing: the model is neither scored nor activated', async (_, edit, why) => {
    writeFileSync(path, edit(certificate));
    const found = await registrar.find(name);
    expect(found).toMatchObject({ state: 'failed', uncertified: expect.stringMatching(why) });
    await expect(score(found, 1, Float64Array.of(1, 2, 3), { raw: false, engine: undefined })).rejects.toMatchObject({
      code: 'NOT_READY',
    });
    await expect(registrar.activate(`${name}@1.0.0`)).rejects.toMatchObject({ code: 'NOT_READY' });
  });

  it('and kept, but of a file that was exchanged, runs nothing', async () => {
    writeFileSync(path, certificate);
    writeFileSync(join(modelsDir, name, '1.0.0', 'model.onnx'), SHIPPED);
    const rows = [1, Float64Array.of(1, 2, 3)] as const;
    const scored = score(await registrar.find(name), ...rows, { raw: false, engine: undefined });
    await expect(scored).rejects.toMatchObject({ code: 'SHA256_MISMATCH' });
  });
});
