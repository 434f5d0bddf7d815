import { MODE } from '../../../engines/trees/tree-ensemble.js';
import { ImportRefused } from '../import-refused.js';
import type { DocumentReader, Numbers } from './document-reader.js';
import { fields } from './fields.js';
import { vectorWeights, type LeafVectors } from './leaf-weights.js';
import { invalid } from './limits.js';
import { countOf, float32s, integers } from './numbers.js';

/**
 * One tree of a file, its nodes as TreeEnsemble has them but numbered within the tree: children follow parents, and nodes that
 * pruning cut off are gone. The leaves' weights lie in the order of the leaves, `width` numbers each.
 */
export interface SourceTree {
  readonly mode: Uint8Array;
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly yes: Int32Array;
  readonly no: Int32Array;
  readonly missingYes: Uint8Array;
  readonly width: number;
  readonly weights: Float32Array;
  readonly sets: readonly Int32Array[];
}

/** A tree's arrays as they stand in the file, an entry a node. */
interface Nodes {
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly column: Int32Array;
  readonly condition: Float32Array;
  readonly defaultLeft: Uint8Array;
  readonly isCategorical: Int32Array;
  /** Node → the categories that go right. */
  readonly sets: ReadonlyMap<number, Int32Array>;
  readonly leafVectors: LeafVectors;
}

const ARRAYS = [
  ...['left_children', 'right_children', 'split_indices', 'split_conditions', 'split_type', 'base_weights'],
  ...['leaf_weights', 'categories', 'categories_nodes', 'categories_segments', 'categories_sizes'],
];
const NONE = new Uint8Array(0);
/** XGBoost's bound: a category is a whole number that float32 holds exactly. */
const CATEGORIES = 2 ** 24;
/** A leaf has no left child. */
const NO_CHILD = -1;

/**
 * Reads the next value as a tree.
 * @param id where the tree stands in the file, which it must say too
 */
export function readTree(reader: DocumentReader, id: number): SourceTree {
  const arrays: Record<string, Numbers> = {};
  let defaultLeft: Uint8Array = NONE;
  let ownId = NaN;
  let width = 1;
  fields(reader, {
    ...Object.fromEntries(ARRAYS.map((name) => [name, () => void (arrays[name] = reader.numbers())])),
    default_left: () => void (defaultLeft = reader.flags()),
    id: () => void (ownId = reader.number()),
    tree_param: () =>
      fields(reader, {
        size_leaf_vector: () => void (width = Math.max(1, countOf(reader.string(), 'size_leaf_vector'))),
      }),
  });
  if (ownId !== id) throw invalid(`tree ${id} says that its id is ${ownId}`);
  try {
    return planted(nodesOf((name) => arrays[name] ?? NONE, defaultLeft, width));
  } catch (error) {
    if (error instanceof ImportRefused) throw new ImportRefused(error.code, `tree ${id}: ${error.message}`);
    throw error;
  }
}

function nodesOf(array: (name: string) => Numbers, defaultLeft: Uint8Array, width: number): Nodes {
  const count = array('left_children').length;
  if (count === 0) throw invalid('it has no nodes');
  const ofNodes = (name: string, values: Numbers) => {
    if (values.length !== count) throw invalid(`${values.length} entries of ${name}, ${count} nodes`);
    return values;
  };
  const right = integers(ofNodes('right_children', array('right_children')), 'right_children', NO_CHILD, count - 1);
  const typed = array('split_type').length > 0;
  return {
    left: integers(array('left_children'), 'left_children', NO_CHILD, count - 1),
    right,
    column: integers(ofNodes('split_indices', array('split_indices')), 'split_indices', 0, 2 ** 31 - 1),
    condition: float32s(ofNodes('split_conditions', array('split_conditions'))),
    defaultLeft: ofNodes('default_left', defaultLeft) as Uint8Array,
    isCategorical: typed
      ? integers(ofNodes('split_type', array('split_type')), 'split_type', 0, 1)
      : new Int32Array(count),
    sets: setsOf(array, count),
    leafVectors: { width, right, leafWeights: array('leaf_weights'), baseWeights: array('base_weights') },
  };
}

function setsOf(array: (name: string) => Numbers, count: number): Map<number, Int32Array> {
  const all = integers(array('categories'), 'categories', 0, CATEGORIES - 1);
  const nodes = integers(array('categories_nodes'), 'categories_nodes', 0, count - 1);
  const begins = integers(array('categories_segments'), 'categories_segments', 0, all.length);
  const sizes = integers(array('categories_sizes'), 'categories_sizes', 1, all.length);
  if (begins.length !== nodes.length || sizes.length !== nodes.length)
    throw invalid('categories_nodes, categories_segments and categories_sizes are of different lengths');
  const sets = new Map<number, Int32Array>();
  let total = 0;
  nodes.forEach((node, i) => {
    if (begins[i] + sizes[i] > all.length) throw invalid(`the categories of node ${node} end beyond all categories`);
    if (sets.has(node)) throw invalid(`node ${node} has two sets of categories`);
    // Segments lie one after another, so that none is told twice.
    total += sizes[i];
    if (total > all.length) throw invalid('categories are shared between nodes');
    sets.set(node, Int32Array.from(new Set(all.subarray(begins[i], begins[i] + sizes[i]))).sort());
  });
  return sets;
}

function planted(nodes: Nodes): SourceTree {
  const order = preorder(nodes);
  const place = new Int32Array(nodes.left.length);
  order.forEach((node, i) => (place[node] = i));
  const tree = {
    mode: new Uint8Array(order.length),
    feature: new Int32Array(order.length),
    threshold: new Float64Array(order.length),
    yes: new Int32Array(order.length).fill(NO_CHILD),
    no: new Int32Array(order.length).fill(NO_CHILD),
    missingYes: new Uint8Array(order.length),
    width: nodes.leafVectors.width,
    weights: weightsOf(nodes, order),
    sets: [] as Int32Array[],
  };
  order.forEach((node, i) => {
    if (nodes.left[node] !== NO_CHILD) plantSplit(nodes, node, tree, i, place);
  });
  return tree;
}

function weightsOf({ left, condition, leafVectors }: Nodes, order: Int32Array): Float32Array {
  const leaves = order.filter((node) => left[node] === NO_CHILD);
  if (leafVectors.width > 1) return vectorWeights(leafVectors, leaves);
  return Float32Array.from(leaves, (leaf) => condition[leaf]);
}

/** x < t goes left. A category goes left where it is NOT in the set: there yes is right. */
function plantSplit(
  { left, right, column, condition, defaultLeft, isCategorical, sets }: Nodes,
  node: number,
  tree: SourceTree & { readonly sets: Int32Array[] },
  i: number,
  place: Int32Array,
): void {
  const isMember = isCategorical[node] === 1;
  tree.mode[i] = isMember ? MODE.MEMBER : MODE.LT;
  tree.feature[i] = column[node];
  tree.yes[i] = place[isMember ? right[node] : left[node]];
  tree.no[i] = place[isMember ? left[node] : right[node]];
  tree.missingYes[i] = isMember ? 1 - defaultLeft[node] : defaultLeft[node];
  if (!isMember) {
    if (Number.isNaN(condition[node])) throw new ImportRefused('NOT_EXPRESSIBLE', `node ${node} splits at NaN`);
    tree.threshold[i] = condition[node];
    return;
  }
  const set = sets.get(node);
  if (set === undefined) throw invalid(`node ${node} asks for a category and names none`);
  tree.threshold[i] = tree.sets.push(set) - 1;
}

/** @returns the nodes that are reached from node 0, each before its children */
function preorder({ left, right }: Nodes): Int32Array {
  const order = new Int32Array(left.length);
  const reached = new Uint8Array(left.length);
  const waiting = [0];
  let count = 0;
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (reached[node] === 1) throw invalid(`node ${node} is reached twice`);
    reached[node] = 1;
    order[count] = node;
    count += 1;
    if (left[node] === NO_CHILD) continue;
    if (right[node] === NO_CHILD) throw invalid(`node ${node} has a left child and no right one`);
    waiting.push(right[node], left[node]);
  }
  return order.slice(0, count);
}
