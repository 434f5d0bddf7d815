import { Attributes } from '../../engines/onnx/onnx-node.js';
import { TYPE, type OnnxGraph, type OnnxNode } from '../../engines/onnx/onnx-proto.js';
import { elementTypes, type ElementTypes } from './element-types.js';
import { readBy } from './graph-order.js';
import {
  ASKED,
  FOLLOWERS,
  FULL,
  HEAD,
  HEADS,
  INDIFFERENT,
  LAYERS,
  takesFull,
  UNKNOWN,
  VANISHING,
} from './operators.js';
import { halvesOf, weightsOf, type Weight, type Weights } from './weights.js';

export interface Wishes {
  /** Names of nodes that stay in FP32; a node without one is named by its first output. */
  readonly keepInFull: ReadonlySet<string>;
  /** The layers that end the net stay in FP32. */
  readonly headInFull: boolean;
}

/** Which of a graph's nodes compute in half. */
export interface Plan {
  /** The graph's nodes, each after what it reads. */
  readonly order: readonly OnnxNode[];
  readonly types: ElementTypes;
  readonly weights: Weights;
  readonly half: ReadonlySet<OnnxNode>;
  /** Nodes on FP32 numbers that stay in full for a reason of their own, not because they follow others. */
  readonly blocked: ReadonlyMap<OnnxNode, string>;
}

/**
 * `either`: exact in both, so that it is made in the one that its reader is in: a weight, truth as 0 and 1, what was FP16
 * in the source.
 */
type Width = 'half' | 'full' | 'either';

export function nameOf({ name, output }: OnnxNode): string {
  return name || (output.find((one) => one !== '') ?? '');
}

/**
 * @param order the graph's nodes, each after what it reads
 * @throws Error where a node to be kept is not there
 */
export function planOf(graph: OnnxGraph, order: readonly OnnxNode[], wishes: Wishes): Plan {
  const names = new Set(order.map(nameOf));
  for (const name of wishes.keepInFull) if (!names.has(name)) throw new Error(`no node ${name} to keep in FP32`);
  const types = elementTypes(graph, order);
  const weights = weightsOf(graph);
  const heads = wishes.headInFull ? headsOf(graph, order, weights) : new Set<OnnxNode>();
  const widths = new Map<string, Width>([...weights.keys()].map((name) => [name, 'either']));
  const half = new Set<OnnxNode>();
  const blocked = new Map<OnnxNode, string>();
  for (const node of order) {
    const floats = node.input.filter((name, i) => types.get(name) === TYPE.FLOAT && !takesFull(node.op_type, i));
    const reason = touchesFloat(node, types) ? blockedBecause(node, floats, types, wishes, heads) : undefined;
    if (reason) blocked.set(node, reason);
    else if (goesHalf(node, floats, widths)) {
      const vanishes = node.op_type === 'Div' && vanishing(weights.get(node.input[1]!));
      if (vanishes) blocked.set(node, VANISHING);
      else half.add(node);
    }
    const width = half.has(node) ? 'half' : madeInEither(node, types) ? 'either' : 'full';
    for (const name of node.output) if (!weights.has(name)) widths.set(name, width);
  }
  return { order, types, weights, half, blocked };
}

function touchesFloat(node: OnnxNode, types: ElementTypes): boolean {
  return [...readBy(node), ...node.output].some((name) => types.get(name) === TYPE.FLOAT);
}

function blockedBecause(
  node: OnnxNode,
  floats: readonly string[],
  types: ElementTypes,
  { keepInFull }: Wishes,
  heads: ReadonlySet<OnnxNode>,
): string | undefined {
  const { op_type: operator, domain } = node;
  if (domain !== '' && domain !== 'ai.onnx') return `is of the domain ${domain}`;
  if (FULL.has(operator)) return FULL.get(operator);
  if (floats.length === 0) return undefined;
  if (INDIFFERENT.has(operator)) return undefined;
  if (!LAYERS.has(operator) && !FOLLOWERS.has(operator)) return UNKNOWN;
  if (keepInFull.has(nameOf(node))) return ASKED;
  if (heads.has(node)) return HEAD;
  const untyped = node.input.some((name) => name !== '' && !types.has(name));
  return untyped ? 'reads a tensor whose type the file does not tell' : undefined;
}

function goesHalf(node: OnnxNode, floats: readonly string[], widths: ReadonlyMap<string, Width>): boolean {
  if (floats.length === 0) return false;
  if (LAYERS.has(node.op_type)) return true;
  if (!FOLLOWERS.has(node.op_type)) return false;
  const read = floats.map((name) => widths.get(name) ?? 'full');
  return read.includes('half') && !read.includes('full');
}

function madeInEither(node: OnnxNode, types: ElementTypes): boolean {
  if (node.op_type === 'ConstantOfShape') return types.get(node.output[0]!) === TYPE.FLOAT;
  if (node.op_type !== 'Cast' || new Attributes(node).int('to', 0) !== TYPE.FLOAT) return false;
  const from = types.get(node.input[0]!);
  return from === TYPE.BOOL || from === TYPE.FLOAT16;
}

function vanishing(divisor: Weight | undefined): boolean {
  return divisor !== undefined && halvesOf(divisor).flushed > 0;
}

/** The layers with weights from which a graph's outputs are reached without another layer in between. */
function headsOf(graph: OnnxGraph, order: readonly OnnxNode[], weights: Weights): Set<OnnxNode> {
  const leadsOut = new Set(graph.output.map(({ name }) => name));
  const heads = new Set<OnnxNode>();
  for (const node of [...order].reverse()) {
    if (!node.output.some((name) => leadsOut.has(name))) continue;
    if (!LAYERS.has(node.op_type)) for (const name of readBy(node)) leadsOut.add(name);
    else if (HEADS.has(node.op_type) && node.input.slice(1).some((name) => weights.has(name))) heads.add(node);
  }
  return heads;
}
