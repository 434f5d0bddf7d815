import { Attributes } from '../../engines/onnx/onnx-node.js';
import type { Draft, OnnxGraph, OnnxNode, OnnxTensor } from '../../engines/onnx/onnx-proto.js';
import { LAYERS } from './operators.js';
import { nameOf, type Plan } from './plan.js';
import type { Rewriting } from './rewriting.js';

export interface HalfReport {
  /** Nodes that compute in FP16. */
  readonly converted: number;
  /** The converted layers, the one with the most bytes of weights first: what `nextTrial` may keep in full. */
  readonly layers: readonly { readonly name: string; readonly operator: string; readonly bytes: number }[];
  /** Nodes that stay in FP32 for a reason of their own, by operator and reason. */
  readonly blocked: readonly { readonly operator: string; readonly nodes: number; readonly because: string }[];
  /** Weights beyond ±65504, now ±65504. */
  readonly clamped: number;
  /** Weights that were not zero and are. */
  readonly flushed: number;
  /** Bytes of the graph's initializers and constants, of whatever type; those of bodies are left out. */
  readonly weightsBefore: number;
  readonly weightsAfter: number;
}

export function reportOf(graph: OnnxGraph, plan: Plan, rewriting: Rewriting): HalfReport {
  const constants = (nodes: readonly Draft<OnnxNode>[]): Draft<OnnxTensor>[] =>
    (nodes as OnnxNode[]).flatMap((node) =>
      node.op_type === 'Constant' ? (new Attributes(node).tensor('value') ?? []) : [],
    );
  return {
    converted: plan.half.size,
    layers: layersOf(plan),
    blocked: blockedOf(plan),
    clamped: rewriting.clamped,
    flushed: rewriting.flushed,
    weightsBefore: bytesOf([
      ...graph.initializer,
      ...constants(graph.node as Draft<OnnxNode>[]),
    ] as Draft<OnnxTensor>[]),
    weightsAfter: bytesOf([...rewriting.initializers, ...constants(rewriting.nodes)]),
  };
}

function layersOf({ half, weights }: Plan): HalfReport['layers'] {
  return [...half]
    .filter(({ op_type }) => LAYERS.has(op_type))
    .map((node) => {
      const bytes = node.input.reduce((sum, name) => sum + (weights.get(name)?.values.byteLength ?? 0), 0);
      return { name: nameOf(node), operator: node.op_type, bytes };
    })
    .sort((a, b) => b.bytes - a.bytes);
}

function blockedOf({ blocked }: Plan): HalfReport['blocked'] {
  const counts = new Map<string, { operator: string; nodes: number; because: string }>();
  for (const [{ op_type: operator }, because] of blocked) {
    const key = `${operator} ${because}`;
    counts.set(key, { operator, because, nodes: (counts.get(key)?.nodes ?? 0) + 1 });
  }
  return [...counts.values()];
}

function bytesOf(tensors: readonly Draft<OnnxTensor>[]): number {
  const sizes = tensors.map(({ raw_data, float_data, int32_data, int64_data, double_data, uint64_data }) => {
    const words = (float_data?.length ?? 0) + (int32_data?.length ?? 0);
    const doubles = (int64_data?.length ?? 0) + (double_data?.length ?? 0) + (uint64_data?.length ?? 0);
    return (raw_data?.length ?? 0) + 4 * words + 8 * doubles;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}
