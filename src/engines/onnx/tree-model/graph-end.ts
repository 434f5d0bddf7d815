import type { Transform } from '../../trees/link.js';
import { Attributes } from '../onnx-node.js';
import type { OnnxGraph, OnnxNode } from '../onnx-proto.js';
import { readable, Unreadable } from './unreadable.js';

/** Between scores and predictions, and between a graph's input and its trees. */
export const MOST_STEPS = 16;

export interface GraphEnd {
  /** The tensor that the predictions are. */
  readonly output: string;
  readonly transform: Transform;
}

/**
 * Goes back from the graph's outputs, the last one first, to the scores of its trees.
 * @param type TYPE of the scores
 * @throws Unreadable where no output is the scores, through at most one softmax over the columns or one sigmoid
 */
export function readEnd({ node: nodes, output }: OnnxGraph, scores: string, type: number): GraphEnd {
  const maker = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const ends = output.map(({ name }) => pathTo(name, scores, maker)).filter((path) => path !== undefined);
  const path = ends.at(-1);
  readable(path !== undefined, 'no output of it is made from the scores of its trees');
  const transforms = path.map((node) => transformBy(node, type)).filter((one) => one !== undefined);
  readable(transforms.length <= 1, `it ends in ${transforms.map(({ kind }) => kind).join(' and ')}`);
  const mapped = path.at(-1)?.op_type === 'ZipMap';
  const last = path.at(mapped ? -2 : -1)?.output[0] ?? scores;
  return { output: last, transform: transforms[0] ?? { kind: 'identity' } };
}

/** @returns the nodes from the scores to an output, in their order; undefined where its numbers come from elsewhere */
function pathTo(output: string, scores: string, maker: ReadonlyMap<string, OnnxNode>): OnnxNode[] | undefined {
  const path: OnnxNode[] = [];
  for (let at = output; at !== scores; at = path[0]!.input[0]!) {
    const node = maker.get(at);
    if (!node || node.input.length !== 1 || path.length === MOST_STEPS) return undefined;
    path.unshift(node);
  }
  return path;
}

function transformBy(node: OnnxNode, type: number): Transform | undefined {
  const attributes = new Attributes(node);
  switch (node.op_type) {
    case 'Identity':
    case 'ZipMap':
      return undefined;
    case 'Cast':
      readable(attributes.int('to', 0) === type, 'its scores are cast to another type');
      return undefined;
    case 'Softmax':
      // Of two axes the second is the default, before version 13 and since.
      readable([1, -1].includes(attributes.int('axis', -1)), 'its softmax is over the rows');
      return { kind: 'softmax' };
    case 'Sigmoid':
      return { kind: 'sigmoid', scale: 1 };
    default:
      throw new Unreadable(`a ${node.op_type} follows its trees`);
  }
}
