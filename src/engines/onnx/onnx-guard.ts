import { Constants, fold, namedSize, valuesOf } from './guard/constant-sizes.js';
import {
  ATTRIBUTE,
  decodeModel,
  integer,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './onnx-proto.js';
import { OnnxRefused, type OnnxRefusal } from './guard/onnx-refusal.js';
import { elementsOf, shownDims, tensorFault } from './onnx-tensor.js';
import { judgeTrees } from './guard/tree-depth.js';
import { scanWire } from './guard/wire-scan.js';

const MOST_BYTES = 256 * 1024 * 1024;
const MOST_NODES = 100_000;
/** Numbers that a file may name without holding them, all its nodes together: 256 MiB of float32. */
const MOST_NAMED = 2 ** 26;
/** Rounds that the loops of a file may name, one inside another multiplied. */
const MOST_ROUNDS = 10_000;
const MOST_NAME = 4_096;
const MOST_TEXT = 16 * 1024 * 1024;
const DOMAINS = new Set(['', 'ai.onnx', 'ai.onnx.ml']);
/** What they answer is another thing each time. */
const CHANCE = new Set([
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Multinomial',
  'Bernoulli',
]);

/**
 * Judges a file before ONNX Runtime sees it: its size, decoded too; its nesting; other files that it names; its operators;
 * tensors that hold what they claim; sizes that it names without holding them, as far as they are constant. What it lets
 * through the runtime may still refuse.
 * @returns the decoded model, which has a graph, or why it is refused; never throws
 */
export function guardModel(bytes: Uint8Array): { readonly model: OnnxModel } | OnnxRefusal {
  try {
    if (bytes.length > MOST_BYTES)
      refuse('ONNX_TOO_LARGE', `it has ${bytes.length} bytes, at most ${MOST_BYTES} are read`);
    scanWire(bytes);
    const model = decoded(bytes);
    judgeModel(model);
    new GraphJudge().graph(model.graph!, { constants: new Constants(), rounds: 1 });
    return { model };
  } catch (error) {
    if (error instanceof OnnxRefused) return { code: error.code, message: error.message };
    throw error;
  }
}

function refuse(code: OnnxRefusal['code'], message: string): never {
  throw new OnnxRefused(code, message);
}

function decoded(bytes: Uint8Array): OnnxModel {
  try {
    return decodeModel(bytes);
  } catch (error) {
    return refuse('ONNX_UNREADABLE', `it is no ONNX file, or cut off (${(error as Error).message})`);
  }
}

function judgeModel({ opset_import, graph, functions, training_info, metadata_props }: OnnxModel): void {
  if (!graph || graph.node.length === 0) refuse('ONNX_UNREADABLE', 'it is no ONNX file: it has no graph');
  if (functions.length > 0) refuse('ONNX_OPERATOR_UNSUPPORTED', 'it defines functions: export it with them inlined');
  if (training_info.length > 0) refuse('ONNX_OPERATOR_UNSUPPORTED', 'it carries its training');
  if (opset_import.length === 0) refuse('ONNX_INVALID', 'it says of no operators which version it means');
  if (graph.output.length === 0) refuse('ONNX_INVALID', 'its graph has no output');
  // The runtime aborts the process where an LSTM meets an input without axes.
  const shapeless = graph.input.find(({ type }) => type?.tensor_type && !type.tensor_type.shape?.dim.length);
  if (shapeless) refuse('ONNX_SHAPE_INVALID', `input "${shown(shapeless.name)}" has no axes`);
  const text = metadata_props.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  if (text > MOST_TEXT) refuse('ONNX_TOO_LARGE', `its metadata have ${text} characters, at most ${MOST_TEXT} are read`);
}

/** What a graph inside another sees of it. */
interface Scope {
  readonly constants: Constants;
  /** How often it runs. */
  readonly rounds: number;
}

class GraphJudge {
  #nodes = 0;
  #named = 0;

  graph({ node, initializer, sparse_initializer, input, output, value_info }: OnnxGraph, outer: Scope): void {
    if (sparse_initializer.length > 0) refuse('ONNX_OPERATOR_UNSUPPORTED', 'it has sparse weights');
    this.#nodes += node.length;
    if (this.#nodes > MOST_NODES) refuse('ONNX_TOO_LARGE', `it has more than ${MOST_NODES} nodes`);
    [...input, ...output, ...value_info].forEach(judgeValue);
    initializer.forEach((tensor) => judgeTensor(tensor));
    unique(
      'outputs',
      output.map(({ name }) => name),
    );
    unique(
      'inputs',
      input.map(({ name }) => name),
    );
    unique(
      'weights',
      initializer.map(({ name }) => name),
    );
    const names = new Set([...input.map(({ name }) => name), ...initializer.map(({ name }) => name)]);
    const constants = new Constants(outer.constants);
    for (const { name } of input) constants.set(name, undefined);
    for (const tensor of initializer) constants.set(tensor.name, valuesOf(tensor));
    for (const one of node) this.#node(one, { names, constants, rounds: outer.rounds });
  }

  #node(node: OnnxNode, scope: Scope & { names: Set<string> }): void {
    const { op_type, domain, name, output } = node;
    [op_type, name, domain, ...node.input].forEach(judgeName);
    if (!DOMAINS.has(domain)) refuse('ONNX_OPERATOR_UNSUPPORTED', `${op_type} is of the domain ${shown(domain)}`);
    if (CHANCE.has(op_type)) refuse('ONNX_OPERATOR_UNSUPPORTED', `${op_type} answers by chance`);
    for (const made of output) {
      judgeName(made);
      if (made !== '' && scope.names.has(made)) refuse('ONNX_INVALID', `"${shown(made)}" is made twice`);
      scope.names.add(made);
    }
    unique(
      'attributes',
      node.attribute.map((one) => one.name),
    );
    for (const attribute of node.attribute) judgeAttribute(op_type, attribute);
    this.#named += namedSize(node, scope.constants);
    if (this.#named > MOST_NAMED)
      refuse('ONNX_TOO_LARGE', `${op_type} "${shown(name)}" would make more than ${MOST_NAMED} numbers`);
    if (domain === 'ai.onnx.ml' && op_type.startsWith('TreeEnsemble')) judgeTrees(node);
    fold(node, scope.constants);
    const rounds = scope.rounds * roundsOf(node, scope.constants);
    if (rounds > MOST_ROUNDS)
      refuse('ONNX_TOO_LARGE', `${op_type} "${shown(name)}" may run more than ${MOST_ROUNDS} rounds`);
    for (const { g, graphs } of node.attribute) {
      for (const inner of [...(g ? [g] : []), ...graphs]) this.graph(inner, { ...scope, rounds });
    }
  }
}

/** A loop whose rounds are not a constant has no end that could be known beforehand. */
function roundsOf({ op_type, input }: OnnxNode, constants: Scope['constants']): number {
  return op_type === 'Loop' ? Math.max(1, constants.get(input[0] ?? '')?.[0] ?? Infinity) : 1;
}

/** The list that an attribute of a type fills; the others are empty. */
const HELD: Readonly<Record<number, keyof OnnxAttribute>> = {
  [ATTRIBUTE.STRING]: 's',
  [ATTRIBUTE.TENSOR]: 't',
  [ATTRIBUTE.GRAPH]: 'g',
  [ATTRIBUTE.FLOATS]: 'floats',
  [ATTRIBUTE.INTS]: 'ints',
  [ATTRIBUTE.STRINGS]: 'strings',
  [ATTRIBUTE.TENSORS]: 'tensors',
  [ATTRIBUTE.GRAPHS]: 'graphs',
};
const LISTS = ['s', 'floats', 'ints', 'strings', 'tensors', 'graphs'] as const;

function judgeAttribute(operator: string, attribute: OnnxAttribute): void {
  const { name, type, t, g, tensors } = attribute;
  judgeName(name);
  const what = `attribute ${shown(name)} of ${shown(operator)}`;
  if (!Object.values(ATTRIBUTE).some((one) => one === type)) {
    refuse('ONNX_OPERATOR_UNSUPPORTED', `${what} is of type ${type}`);
  }
  const stray = LISTS.find((list) => list !== HELD[type] && attribute[list].length > 0);
  if (attribute.ref_attr_name || stray || (type === ATTRIBUTE.TENSOR) !== !!t || (type === ATTRIBUTE.GRAPH) !== !!g) {
    refuse('ONNX_INVALID', `${what} holds another thing than its type says`);
  }
  for (const tensor of [...(t ? [t] : []), ...tensors]) judgeTensor(tensor, what);
}

function judgeTensor(tensor: OnnxTensor, owner = ''): void {
  judgeName(tensor.name);
  const what = owner || `tensor "${shown(tensor.name)}"`;
  if (tensor.data_location !== 0 || tensor.external_data.length > 0) {
    refuse('ONNX_EXTERNAL_DATA', `${what} lies in another file: save the model with its weights inside`);
  }
  const fault = tensorFault(tensor);
  if (fault) refuse('ONNX_SHAPE_INVALID', `${what} ${fault}`);
}

function judgeValue({ name, type }: OnnxValueInfo): void {
  judgeName(name);
  const dims = type?.tensor_type?.shape?.dim.map(({ dim_value }) => integer(dim_value ?? 0)) ?? [];
  const fixed = elementsOf(dims.map((dim) => (dim === 0 ? 1 : dim)));
  if (!(fixed <= MOST_NAMED)) refuse('ONNX_SHAPE_INVALID', `"${shown(name)}" has dimensions ${shownDims(dims)}`);
}

/** A name with bytes that are no UTF-8 is one name to us and another to the runtime. */
function judgeName(name: string): void {
  if (name.length > MOST_NAME) refuse('ONNX_TOO_LARGE', `a name has ${name.length} characters`);
  if (name.includes('\uFFFD')) refuse('ONNX_INVALID', `a name is no text: ${shown(name)}`);
}

function unique(what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) refuse('ONNX_INVALID', `two of its ${what} are "${shown(name)}"`);
    seen.add(name);
  }
}

const shown = (name: string): string => (name.length > 80 ? `${name.slice(0, 80)}…` : name);
