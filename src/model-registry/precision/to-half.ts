import {
  integer,
  TYPE,
  type Draft,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
} from '../../engines/onnx/onnx-proto.js';
import { inOrder } from './graph-order.js';
import { reportOf, type HalfReport } from './half-report.js';
import { LAYERS } from './operators.js';
import { nameOf, planOf, type Plan, type Wishes } from './plan.js';
import { Rewriting } from './rewriting.js';
import { weightFault } from './weights.js';

/** Casts, and recurrent layers, know FP16 in the form that is written here. */
const OLDEST_OPSET = 13;

export interface HalfOptions extends Wishes {
  /** More weights than these beyond ±65504 are a refusal: FP16 would be another model. */
  readonly clampLimit: number;
}

export const HALF_DEFAULTS: HalfOptions = { keepInFull: new Set(), headInFull: true, clampLimit: 16 };

/** Why a model is not converted. Codes are stable: users alert on them. */
export type HalfRefusal = Readonly<{ code: HalfRefusalCode; reason: string }>;
export type HalfRefusalCode =
  | 'NOTHING_TO_CONVERT' // no layer that computes in FP32: trees, FP64, already converted
  | 'OPSET_TOO_OLD'
  | 'GRAPH_NOT_PLAIN' // functions, training, sparse weights: not read
  | 'GRAPH_INVALID' // reads what nothing makes, runs in a circle, a weight is not what it claims
  | 'WEIGHTS_BEYOND_HALF';

export type Converted = Readonly<{ model: Draft<OnnxModel>; report: HalfReport }>;

/**
 * FP32 to FP16: the layers, and what stands between them, compute in half; inputs, outputs and what is delicate stay in
 * FP32, with casts where the two meet (operators.ts says what and why). Same model, same bytes.
 * @param model left as it is; the answer shares its unchanged tensors
 */
export function toHalf(model: OnnxModel, options: Partial<HalfOptions> = {}): Converted | HalfRefusal {
  const wishes = { ...HALF_DEFAULTS, ...options };
  const { graph } = model;
  const unreadable = faultOf(model);
  if (unreadable || !graph) return unreadable ?? refused('GRAPH_INVALID', 'the model has no graph');
  const order = inOrder(graph);
  if (typeof order === 'string') return refused('GRAPH_INVALID', order);
  const plan = planOf(graph, order, wishes);
  if (![...plan.half].some(isLayer)) return refused('NOTHING_TO_CONVERT', whyNothing(plan));

  const rewriting = new Rewriting(graph, plan);
  const { clamped, clampedIn } = rewriting;
  if (clamped > wishes.clampLimit) {
    const where = clampedIn.slice(0, 3).join(', ');
    const reason = `${clamped} weights beyond ±65504 (in ${where}), ${wishes.clampLimit} are allowed`;
    return refused('WEIGHTS_BEYOND_HALF', reason);
  }
  const converted = rewritten(graph, rewriting);
  return { model: { ...(model as Draft<OnnxModel>), graph: converted }, report: reportOf(graph, plan, rewriting) };
}

function refused(code: HalfRefusalCode, reason: string): HalfRefusal {
  return { code, reason };
}

function faultOf({ graph, functions, training_info, opset_import }: OnnxModel): HalfRefusal | undefined {
  const odd = [
    functions.length > 0 && 'functions of its own',
    training_info.length > 0 && 'training information',
    (graph?.sparse_initializer.length ?? 0) > 0 && 'sparse weights',
  ].filter((one) => one !== false);
  if (odd.length > 0) return refused('GRAPH_NOT_PLAIN', `the model has ${odd.join(', ')}`);
  const opset = opset_import.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  const version = opset ? integer(opset.version) : 1;
  if (version < OLDEST_OPSET) {
    return refused('OPSET_TOO_OLD', `the model is of opset ${version}, FP16 needs ${OLDEST_OPSET}`);
  }
  const bare = graph?.node.find(isBare);
  if (bare) return refused('GRAPH_INVALID', `${bare.op_type} ${nameOf(bare)} lacks an input or an output`);
  const fault = graph ? weightFault(graph) : undefined;
  return fault ? refused('GRAPH_INVALID', fault) : undefined;
}

/** Of the operators that are written anew for their readers. */
function isBare({ op_type: operator, input, output }: OnnxNode): boolean {
  const takes = operator === 'Cast' || operator === 'ConstantOfShape';
  return (takes && !input[0]) || ((takes || operator === 'Constant') && !output[0]);
}

function isLayer({ op_type }: OnnxNode): boolean {
  return LAYERS.has(op_type);
}

function whyNothing({ order, types, blocked }: Plan): string {
  const layers = order.filter(isLayer);
  const trees = order.some(({ op_type }) => op_type.startsWith('TreeEnsemble'));
  if (layers.length === 0) return trees ? 'the model is made of trees' : 'the model has no layer with weights';
  const kept = layers.find((node) => blocked.has(node));
  if (kept) return `${kept.op_type} ${nameOf(kept)} ${blocked.get(kept)!}`;
  const type = types.get(layers[0]!.input[0]!);
  const name = type === TYPE.DOUBLE ? 'FP64' : type === TYPE.FLOAT16 ? 'FP16 already' : 'no FP32';
  return `the arithmetic of its layers is ${name}`;
}

/** An input that has a default is a weight here: the service never feeds it. */
function rewritten(graph: OnnxGraph, rewriting: Rewriting): Draft<OnnxGraph> {
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const input = graph.input.filter(({ name }) => !weights.has(name));
  return {
    name: graph.name,
    node: rewriting.nodes,
    initializer: rewriting.initializers,
    input: input as Draft<OnnxGraph['input']>,
    output: graph.output as Draft<OnnxGraph['output']>,
    value_info: rewriting.valueInfo(),
  };
}
