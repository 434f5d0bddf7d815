import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { seeded } from '../../../bench/random-trees.js';
import { sharedData } from '../../../test/builders/shared-data.js';
import { guardModel } from './onnx-guard.js';
import { float, int, ints, node, tensor, tensorInfo, text, texts, type AttributeDraft } from './onnx-node.js';
import {
  ATTRIBUTE,
  encodeModel,
  TYPE,
  type Draft,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
} from './onnx-proto.js';
import type { OnnxCode } from './guard/onnx-refusal.js';
import { tensorOf } from './onnx-tensor.js';
import { readTreeModel } from './read-tree-model.js';

type GraphDraft = Draft<OnnxGraph>;

const relu = node('Relu', ['x'], ['y']);
const graph = (over: GraphDraft = {}): GraphDraft => ({
  ...{
    node: [relu],
    input: [tensorInfo('x', TYPE.FLOAT, ['rows', 3])],
    output: [tensorInfo('y', TYPE.FLOAT, ['rows', 3])],
  },
  ...over,
});
const model = (over: Draft<OnnxModel> = {}): Draft<OnnxModel> => ({
  ...{ ir_version: 8, opset_import: [{ domain: '', version: 17 }], graph: graph() },
  ...over,
});
const nodes = (...all: Draft<OnnxNode>[]) => model({ graph: graph({ node: [...all, relu] }) });
const weights = (over: object) =>
  model({ graph: graph({ initializer: [{ ...tensorOf('w', [2, 2], Float32Array.of(1, 2, 3, 4)), ...over }] }) });
const sizes = (...values: number[]) => tensor(tensorOf('', [values.length], BigInt64Array.from(values, BigInt)));
const constant = (name: string, ...values: number[]) => node('Constant', [], [name], { value: sizes(...values) });
const holding = (attribute: AttributeDraft) => nodes(node('Identity', ['x'], ['z'], { a: attribute }));
const inside = (inner: GraphDraft): AttributeDraft => ({ type: ATTRIBUTE.GRAPH, g: inner });

/** If-graphs one in another. */
function nested(depth: number): GraphDraft {
  const within = depth === 0 ? relu : node('If', ['c'], ['y'], { then_branch: inside(nested(depth - 1)) });
  return graph({ node: [within], input: [] });
}

/** `count` branches, each the false child of the one before. */
function chain(count: number, ids = Array.from({ length: count }, (_, i) => i + 1)): Draft<OnnxNode> {
  const zeros = new Array<number>(count).fill(0);
  return node(
    'TreeEnsemble',
    ['x'],
    ['t'],
    {
      ...{
        n_targets: int(1),
        tree_roots: ints([0]),
        nodes_modes: tensor(tensorOf('', [count], new Uint8Array(count))),
      },
      ...{ nodes_truenodeids: ints(zeros), nodes_trueleafs: ints(zeros.map(() => 1)) },
      ...{ nodes_falsenodeids: ints(ids), nodes_falseleafs: ints(zeros.map((_, i) => (ids[i]! < count ? 0 : 1))) },
    },
    'ai.onnx.ml',
  );
}

describe('a file that ONNX Runtime does not get to see', () => {
  it.each<[code: OnnxCode, what: string, file: Draft<OnnxModel> | Uint8Array, message: RegExp]>([
    ['ONNX_UNREADABLE', 'nothing', new Uint8Array(0), /no graph/],
    ['ONNX_UNREADABLE', 'text', Buffer.from('tree\nversion=v4\nnum_class=1\n'), /no ONNX file, or cut off/],
    ['ONNX_UNREADABLE', 'a file cut off', encodeModel(model()).subarray(0, 40), /a field past its end at byte/],
    ['ONNX_UNREADABLE', 'no graph', { ir_version: 8 }, /no graph/],
    ['ONNX_UNREADABLE', 'a graph of no nodes', model({ graph: graph({ node: [] }) }), /no graph/],
    ['ONNX_UNREADABLE', 'a graph as a number', Uint8Array.of(7 * 8, 1), /a model with field 7:0/],
    ['ONNX_UNREADABLE', 'a group', Uint8Array.of(100 * 8 - 512 + 3 + 128, 6), /wire type 3/],
    ['ONNX_UNREADABLE', 'a number without end', new Uint8Array(20).fill(255), /a number of more than 10 bytes/],
    ['ONNX_TOO_LARGE', 'more bytes than are read', new Uint8Array(256 * 1024 * 1024 + 1), /at most 268435456 are read/],
    ['ONNX_TOO_LARGE', 'millions of empty nodes', emptyNodes(1_300_000), /more than 10000000 parts/],
    [
      'ONNX_TOO_LARGE',
      'more nodes than are run',
      model({ graph: graph({ node: some(100_001, (i) => node('Relu', ['x'], [`y${i}`])) }) }),
      /more than 100000 nodes/,
    ],
    ['ONNX_TOO_LARGE', 'graphs in graphs', model({ graph: nested(7) }), /nested too deep/],
    [
      'ONNX_TOO_LARGE',
      'a name of many characters',
      nodes(node('Relu', ['x'], ['z'.repeat(5_000)])),
      /a name has 5000 characters/,
    ],
    [
      'ONNX_TOO_LARGE',
      'ConstantOfShape',
      nodes(constant('s', 1e6, 1e6), node('ConstantOfShape', ['s'], ['z'])),
      /ConstantOfShape "z" would make more than 67108864 numbers/,
    ],
    [
      'ONNX_TOO_LARGE',
      'Expand to a weight',
      model({
        graph: graph({
          node: [node('Expand', ['x', 's'], ['y'])],
          initializer: [tensorOf('s', [2], BigInt64Array.of(100_000n, 100_000n))],
        }),
      }),
      /Expand "y" would make/,
    ],
    ['ONNX_TOO_LARGE', 'Tile', nodes(constant('s', 1, 1e9), node('Tile', ['x', 's'], ['z'])), /Tile "z" would make/],
    [
      'ONNX_TOO_LARGE',
      'Range',
      nodes(constant('a', 0), constant('b', 1e12), constant('c', 1), node('Range', ['a', 'b', 'c'], ['z'])),
      /Range "z" would make/,
    ],
    ['ONNX_TOO_LARGE', 'Pad', nodes(constant('s', 0, 1e9), node('Pad', ['x', 's'], ['z'])), /Pad "z" would make/],
    [
      'ONNX_TOO_LARGE',
      'a padded convolution',
      nodes(node('Conv', ['x', 'x'], ['z'], { pads: ints([1e9, 0]) })),
      /Conv "z" would make/,
    ],
    [
      'ONNX_TOO_LARGE',
      'a size behind a product',
      nodes(
        constant('a', 1e5),
        node('Mul', ['a', 'a'], ['b']),
        node('Concat', ['b', 'a'], ['c']),
        node('ConstantOfShape', ['c'], ['z']),
      ),
      /ConstantOfShape "z"/,
    ],
    [
      'ONNX_TOO_LARGE',
      'many sizes, each of which would do',
      nodes(
        ...some(3, (i) => node('ConstantOfShape', ['s'], [`z${i}`])).flatMap((one, i) =>
          i === 0 ? [constant('s', 2 ** 25), one] : [one],
        ),
      ),
      /ConstantOfShape "z2"/,
    ],
    [
      'ONNX_TOO_LARGE',
      'a loop without end',
      nodes(node('Loop', ['', 'c'], ['z'], { body: inside(graph()) })),
      /Loop "z" may run more than 10000 rounds/,
    ],
    [
      'ONNX_TOO_LARGE',
      'a loop in a loop',
      nodes(
        constant('m', 1_000),
        node('Loop', ['m', ''], ['z'], {
          body: inside(graph({ input: [], node: [node('Loop', ['m', ''], ['y'], { body: inside(graph()) })] })),
        }),
      ),
      /Loop "y" may run more/,
    ],
    ['ONNX_TOO_LARGE', 'a tree too deep for a stack', nodes(chain(2_001)), /a tree of 2001 levels/],
    [
      'ONNX_TOO_LARGE',
      'trees of a billion targets',
      nodes(node('TreeEnsembleRegressor', ['x'], ['t'], { n_targets: int(1e9) }, 'ai.onnx.ml')),
      /1000000000 targets/,
    ],
    [
      'ONNX_EXTERNAL_DATA',
      'weights in another file',
      weights({ raw_data: new Uint8Array(0), data_location: 1 }),
      /tensor "w" lies in another file/,
    ],
    [
      'ONNX_EXTERNAL_DATA',
      'a path to another file',
      weights({ external_data: [{ key: 'location', value: '../../etc/passwd' }] }),
      /lies in another file/,
    ],
    [
      'ONNX_EXTERNAL_DATA',
      'a constant in another file',
      holding({ type: ATTRIBUTE.TENSOR, t: { data_type: 1, dims: [1], data_location: 1 } }),
      /attribute a of Identity lies in another file/,
    ],
    [
      'ONNX_OPERATOR_UNSUPPORTED',
      'an unknown domain',
      nodes(node('Shell', ['x'], ['z'], {}, 'com.example')),
      /Shell is of the domain com.example/,
    ],
    [
      'ONNX_OPERATOR_UNSUPPORTED',
      'an unknown domain in an inner graph',
      nodes(
        node('If', ['c'], ['z'], {
          then_branch: inside(graph({ input: [], node: [node('Shell', ['x'], ['y'], {}, 'com.example')] })),
        }),
      ),
      /Shell is of the domain/,
    ],
    [
      'ONNX_OPERATOR_UNSUPPORTED',
      'chance',
      nodes(node('RandomNormal', [], ['z'], { shape: ints([3]) })),
      /RandomNormal answers by chance/,
    ],
    ['ONNX_OPERATOR_UNSUPPORTED', 'functions', model({ functions: [Uint8Array.of(1)] }), /defines functions/],
    ['ONNX_OPERATOR_UNSUPPORTED', 'training', model({ training_info: [Uint8Array.of(1)] }), /carries its training/],
    [
      'ONNX_OPERATOR_UNSUPPORTED',
      'sparse weights',
      model({ graph: graph({ sparse_initializer: [Uint8Array.of(1)] }) }),
      /sparse weights/,
    ],
    [
      'ONNX_OPERATOR_UNSUPPORTED',
      'an attribute of another type',
      holding({ type: 11 }),
      /attribute a of Identity is of type 11/,
    ],
    ['ONNX_SHAPE_INVALID', 'a negative dimension', weights({ dims: [-2, -2] }), /tensor "w" has dimensions \[-2, -2\]/],
    ['ONNX_SHAPE_INVALID', 'dimensions past 2^53', weights({ dims: [2 ** 40, 2 ** 40] }), /has dimensions/],
    ['ONNX_SHAPE_INVALID', 'more numbers than bytes', weights({ dims: [1e6] }), /claims 4000000 bytes and holds 16/],
    ['ONNX_SHAPE_INVALID', 'bytes too many', weights({ dims: [3] }), /claims 12 bytes and holds 16/],
    ['ONNX_SHAPE_INVALID', 'values twice', weights({ float_data: [1, 2, 3, 4] }), /holds its values twice/],
    ['ONNX_SHAPE_INVALID', 'a type of number that is not run', weights({ data_type: 15 }), /is of type 15/],
    [
      'ONNX_SHAPE_INVALID',
      'a constant of wrong length',
      holding(tensor({ data_type: TYPE.INT64, dims: [3], int64_data: [1] })),
      /claims 3 values and holds 1/,
    ],
    [
      'ONNX_SHAPE_INVALID',
      'an input as large as the world',
      model({ graph: graph({ input: [tensorInfo('x', TYPE.FLOAT, ['rows', 1e12])] }) }),
      /"x" has dimensions/,
    ],
    [
      'ONNX_SHAPE_INVALID',
      'an input without axes',
      model({ graph: graph({ input: [tensorInfo('x', TYPE.FLOAT, [])] }) }),
      /input "x" has no axes/,
    ],
    ['ONNX_INVALID', 'no opset', model({ opset_import: [] }), /which version it means/],
    ['ONNX_INVALID', 'no output', model({ graph: graph({ output: [] }) }), /no output/],
    [
      'ONNX_INVALID',
      'two graphs',
      Buffer.concat([encodeModel(model()), encodeModel(model())]),
      /a model has two of graph/,
    ],
    ['ONNX_INVALID', 'a tensor made twice', nodes(node('Relu', ['x'], ['y'])), /"y" is made twice/],
    [
      'ONNX_INVALID',
      'two outputs of one name',
      model({ graph: graph({ output: some(2, () => tensorInfo('y', 1, [1])) }) }),
      /two of its outputs are "y"/,
    ],
    [
      'ONNX_INVALID',
      'two attributes of one name',
      nodes({
        ...relu,
        output: ['z'],
        attribute: [
          { name: 'a', ...int(1) },
          { name: 'a', ...int(2) },
        ],
      }),
      /two of its attributes are "a"/,
    ],
    [
      'ONNX_INVALID',
      'an attribute that holds two things',
      holding({ ...int(1), floats: [1] }),
      /holds another thing than its type says/,
    ],
    ['ONNX_INVALID', 'an attribute that holds nothing', holding({ type: ATTRIBUTE.TENSOR }), /holds another thing/],
    ['ONNX_INVALID', 'an attribute of a function', holding({ ...int(1), ref_attr_name: 'b' }), /holds another thing/],
    ['ONNX_INVALID', 'a tree that goes round', nodes(chain(3, [1, 2, 0])), /a tree that goes round/],
  ])('%s: %s', (code, _, file, message) => {
    const bytes = file instanceof Uint8Array ? file : encodeModel(file);
    expect(guardModel(bytes)).toEqual({ code, message: expect.stringMatching(message) });
  });
});

describe('a file that ONNX Runtime may judge', () => {
  it.each<[what: string, file: Draft<OnnxModel>]>([
    ['a graph of one operator', model()],
    ['the empty weights of an empty dimension', weights({ dims: [0, 7], raw_data: new Uint8Array(0) })],
    [
      'values of each kind of attribute',
      nodes(node('Any', ['x'], ['z'], { i: int(1), f: float(1), s: text('s'), l: texts(['a']) })),
    ],
    ['a size that depends on the input', nodes(node('Shape', ['x'], ['s']), node('ConstantOfShape', ['s'], ['z']))],
    ['a few graphs in graphs', model({ graph: nested(3) })],
    [
      'a loop of a few rounds',
      nodes(
        constant('m', 32),
        node('Loop', ['m', ''], ['z'], { body: inside(graph({ input: [], node: [node('Relu', ['x'], ['b'])] })) }),
      ),
    ],
    ['a deep tree', nodes(chain(2_000))],
    ['outputs that are left out', nodes(node('LSTM', ['x', 'w', 'r'], ['', '', 'c']))],
  ])('%s', (_, file) => {
    expect(guardModel(encodeModel(file))).toHaveProperty('model');
  });

  it.each(realFiles())('%s', (_, bytes) => {
    expect(guardModel(bytes)).toHaveProperty('model');
  });
});

describe('5,000 mutations of real files', () => {
  const files = realFiles();
  const each = Math.ceil(5_000 / files.length);

  it.each(files)('of %s are each refused, or read', (name, bytes) => {
    const random = seeded(name.length * 7_919 + bytes.length);
    const said = new Set(Array.from({ length: each }, () => sayOf(mutated(bytes, random))));
    expect([...said]).toEqual(expect.arrayContaining(['ONNX_UNREADABLE']));
    expect(said.size).toBeGreaterThan(1);
  });
});

/** @returns the code of its refusal; of a file let through, whether it holds trees */
function sayOf(bytes: Uint8Array): string {
  const answer = guardModel(bytes);
  if ('code' in answer) return answer.code;
  return 'model' in readTreeModel(answer.model) ? 'trees' : 'no trees';
}

/** Bits turned, bytes put in place of others, pieces cut out, doubled, moved; numbers made large. */
function mutated(bytes: Uint8Array, random: () => number): Uint8Array {
  let made = Buffer.from(bytes);
  // Half of all changes are near the start or the end, where the structure is: the middle is mostly weights.
  const place = (): number => {
    const near = Math.min(made.length, 400);
    const at =
      random() < 0.25 ? random() * near : random() < 0.33 ? made.length - random() * near : random() * made.length;
    return Math.min(made.length - 1, Math.floor(at));
  };
  for (let changes = 1 + Math.floor(random() * 4); changes > 0 && made.length > 1; changes -= 1) {
    const at = place();
    const length = Math.floor(random() * 40);
    switch (Math.floor(random() * 6)) {
      case 0:
        made[at] = made[at]! ^ (1 << Math.floor(random() * 8));
        break;
      case 1:
        made[at] = Math.floor(random() * 256);
        break;
      case 2:
        made.fill(255, at, Math.min(made.length, at + Math.floor(random() * 9)));
        break;
      case 3:
        made = made.subarray(0, at);
        break;
      case 4:
        made = Buffer.concat([made.subarray(0, at), made.subarray(at + length)]);
        break;
      default:
        made = Buffer.concat([made.subarray(0, at + length), made.subarray(at)]);
    }
  }
  return made;
}

function realFiles(): [name: string, bytes: Uint8Array][] {
  const shipped = ['gbt', 'logreg', 'tcn'].map((name) => `models/${name}/1.0.0/model.onnx`);
  const folder = sharedData('models/onnx');
  const shared = folder
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.onnx'))
        .sort()
    : [];
  return [
    ...shipped.map((path): [string, Uint8Array] => [path, readFileSync(path)]),
    ...shared.map((path): [string, Uint8Array] => [path, readFileSync(`${folder}/${path}`)]),
  ];
}

/** A model whose graph has nodes of no bytes: two bytes each in the file. */
function emptyNodes(count: number): Uint8Array {
  const graph = new Uint8Array(count * 2);
  for (let i = 0; i < count; i += 1) graph[i * 2] = 1 * 8 + 2;
  const length: number[] = [];
  for (let rest = graph.length; rest > 0; rest = Math.floor(rest / 128))
    length.push((rest % 128) + (rest >= 128 ? 128 : 0));
  return Buffer.concat([Uint8Array.of(7 * 8 + 2, ...length), graph]);
}

function some<T>(length: number, of: (i: number) => T): T[] {
  return Array.from({ length }, (_, i) => of(i));
}
