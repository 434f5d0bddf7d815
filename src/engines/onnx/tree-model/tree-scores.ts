import type { Transform } from '../../trees/link.js';
import { Attributes } from '../onnx-node.js';
import { TYPE, type OnnxNode } from '../onnx-proto.js';
import { LEAF, type PlainTrees } from './plain-trees.js';
import { treesV3 } from './trees-v3.js';
import { treesV5 } from './trees-v5.js';
import { readable } from './unreadable.js';

export interface TreeScores {
  readonly trees: PlainTrees;
  /** The tensor of them. */
  readonly scores: string;
  /** What the operator itself does with the sums. */
  readonly link: Transform | { readonly kind: 'average'; readonly n: number };
}

const POST_TRANSFORM: ReadonlyMap<string, Transform> = new Map([
  ['NONE', { kind: 'identity' }],
  ['SOFTMAX', { kind: 'softmax' }],
  ['LOGISTIC', { kind: 'sigmoid', scale: 1 }],
]);

/**
 * What a tree operator computes, as ONNX Runtime does it where the standard leaves it open.
 * @param type TYPE of its input
 * @throws Unreadable
 */
export function scoresOf(node: OnnxNode, type: number): TreeScores {
  if (node.op_type === 'TreeEnsemble') return ensemble(node, type);
  readable(type === TYPE.FLOAT, `its ${node.op_type} makes float64 sums of which it gives float32`);
  return node.op_type === 'TreeEnsembleClassifier' ? classifier(node) : regressor(node);
}

/** The runtime exchanges softmax and logistic against the standard's own text: neither is trusted. */
function ensemble(node: OnnxNode, type: number): TreeScores {
  const attributes = new Attributes(node);
  readable(attributes.int('post_transform', 0) === 0, 'its TreeEnsemble has a post-transform');
  const trees = treesV5(node, type);
  // The runtime unrolls a set of fewer than 31 categories up to 30. In any other it looks for x without its fraction.
  const unrolled = [...trees.members.values()].every((set) => set.length < 31 && set.every((one) => one <= 30));
  readable(unrolled, 'its TreeEnsemble looks for fractions in a large set');
  const aggregate = ['AVERAGE', 'SUM'][attributes.int('aggregate_function', 1)];
  return { trees, scores: node.output[0]!, link: aggregated(aggregate, trees) };
}

function regressor(node: OnnxNode): TreeScores {
  const attributes = new Attributes(node);
  const targets = attributes.int('n_targets', 0);
  const trees = treesV3(node, 'target', targets);
  readable([0, targets].includes(trees.base.length), `it has ${trees.base.length} base values of ${targets}`);
  const link = postTransform(attributes);
  // The runtime transforms only where there is more than one target.
  readable(link.kind === 'identity' || targets > 1, `its post-transform of one target is ${link.kind}`);
  const sum = aggregated(attributes.text('aggregate_function', 'SUM'), trees);
  readable(sum.kind === 'identity' || link.kind === 'identity', `it makes a ${link.kind} of averages`);
  return { trees, scores: node.output[0]!, link: sum.kind === 'identity' ? link : sum };
}

function aggregated(name: string | undefined, { roots, base }: PlainTrees): TreeScores['link'] {
  readable(name === 'SUM' || name === 'AVERAGE', `its trees are not added up (${name})`);
  if (name === 'SUM') return { kind: 'identity' };
  readable(
    base.every((value) => value === 0),
    'it adds base values to averages',
  );
  return { kind: 'average', n: roots.length };
}

/** A classifier of two classes has rules of its own in the runtime; a third class has none. */
function classifier(node: OnnxNode): TreeScores {
  const attributes = new Attributes(node);
  const classes = attributes.texts('classlabels_strings').length || attributes.ints('classlabels_int64s').length;
  readable(classes > 1, `its classifier has ${classes} classes`);
  const trees = treesV3(node, 'class', classes);
  const link = postTransform(attributes);
  const weighed = new Set(Array.from(trees.weightTarget));
  const scores = node.output[1]!;
  if (classes === 2 && weighed.size === 1) return { trees: bothClasses(trees, weighed, link), scores, link };
  readable(
    trees.base.length === 0 || (classes > 2 && trees.base.length === classes),
    'its two classes have base values',
  );
  readable(classes > 2 || isInEachLeaf(trees, 1), 'a leaf has no weight for the second of its two classes');
  return { trees, scores, link };
}

/** Two classes and the weights of one: where a weight is below 0, the scores are −x and x. */
function bothClasses(trees: PlainTrees, weighed: ReadonlySet<number>, link: Transform): PlainTrees {
  const weights = Array.from(trees.weight);
  readable(
    weighed.has(0) && trees.base.length < 2,
    'of its two classes only the second has weights, or both a base value',
  );
  readable(
    weights.some((weight) => weight < 0),
    'its two probabilities are p and 1 − p',
  );
  readable(link.kind !== 'softmax', 'it makes no softmax of a single score');
  return {
    ...trees,
    weightsFrom: Array.from(trees.weightsFrom, (from) => from * 2),
    weightTarget: weights.flatMap(() => [0, 1]),
    weight: weights.flatMap((weight) => [-weight, weight]),
    base: trees.base.flatMap((value) => [-value, value]),
  };
}

function isInEachLeaf({ mode, weightTarget }: PlainTrees, target: number): boolean {
  const leaves = Array.from(mode).filter((one) => one === LEAF).length;
  return Array.from(weightTarget).filter((one) => one === target).length === leaves;
}

function postTransform(attributes: Attributes): Transform {
  const name = attributes.text('post_transform', 'NONE');
  const link = POST_TRANSFORM.get(name);
  readable(link !== undefined, `its post-transform is ${name}`);
  return link;
}
