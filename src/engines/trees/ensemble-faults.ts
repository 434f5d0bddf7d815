import { MODE, type TreeEnsemble } from './tree-ensemble.js';

/**
 * Reads an ensemble against what TreeEnsemble promises.
 * @returns the first promise that is broken, in words; undefined where all are kept
 */
export function faultOf(ensemble: TreeEnsemble): string | undefined {
  return shapeFault(ensemble) ?? setFault(ensemble) ?? weightFault(ensemble) ?? treeFault(ensemble);
}

function shapeFault({ features, targets, roots, treeTarget, ...nodes }: TreeEnsemble): string | undefined {
  const count = nodes.mode.length;
  if (!(Number.isInteger(features) && features > 0)) return `${features} features`;
  if (!(Number.isInteger(targets) && targets > 0)) return `${targets} targets`;
  if (roots.length !== treeTarget.length + 1) return `${roots.length} roots of ${treeTarget.length} trees`;
  if (roots[0] !== 0 || roots[roots.length - 1] !== count) return 'roots do not span the nodes';
  for (const field of ['feature', 'threshold', 'yes', 'no', 'missingYes', 'leaf'] as const) {
    if (nodes[field].length !== count) return `${nodes[field].length} entries of ${field}, ${count} nodes`;
  }
  const stray = treeTarget.findIndex((target) => target < -1 || target >= targets);
  if (stray >= 0) return `tree ${stray} adds to target ${treeTarget[stray]}`;
  const empty = treeTarget.findIndex((_, tree) => roots[tree + 1] <= roots[tree]);
  return empty < 0 ? undefined : `tree ${empty} has no node`;
}

function setFault({ sets }: TreeEnsemble): string | undefined {
  const bad = sets.findIndex((set) => set.some((category, i) => category < 0 || (i > 0 && category <= set[i - 1])));
  return bad < 0 ? undefined : `set ${bad} is not ascending from 0 on`;
}

function weightFault(ensemble: TreeEnsemble): string | undefined {
  const bad = ensemble.weights.findIndex((weight) => !Number.isFinite(weight) || !isExact(ensemble, weight));
  return bad < 0 ? undefined : `weight ${bad} is ${ensemble.weights[bad]}`;
}

/** Each node but the root is the child of exactly one node before it: so the nodes form a tree. */
function treeFault(ensemble: TreeEnsemble): string | undefined {
  const { roots, treeTarget, mode, yes, no } = ensemble;
  const parents = new Uint8Array(mode.length);
  for (let tree = 0; tree < treeTarget.length; tree += 1) {
    const end = roots[tree + 1];
    const width = treeTarget[tree] < 0 ? ensemble.targets : 1;
    for (let node = roots[tree]; node < end; node += 1) {
      const fault = mode[node] === MODE.LEAF ? leafFault(ensemble, node, width) : branchFault(ensemble, node, end);
      if (fault !== undefined) return `node ${node} of tree ${tree}: ${fault}`;
      if (mode[node] === MODE.LEAF) continue;
      parents[yes[node]] += 1;
      parents[no[node]] += 1;
    }
    for (let node = roots[tree] + 1; node < end; node += 1) {
      if (parents[node] !== 1) return `node ${node} of tree ${tree} has ${parents[node]} parents`;
    }
  }
  return undefined;
}

function leafFault({ feature, threshold, yes, no, leaf, weights }: TreeEnsemble, node: number, width: number) {
  if (yes[node] !== -1 || no[node] !== -1) return 'a leaf with children';
  if (feature[node] !== 0 || threshold[node] !== 0) return 'a leaf that asks';
  return leaf[node] < 0 || leaf[node] + width > weights.length ? `weights at ${leaf[node]}` : undefined;
}

function branchFault(ensemble: TreeEnsemble, node: number, end: number): string | undefined {
  const { mode, feature, yes, no, missingYes, leaf, features } = ensemble;
  if (mode[node] > MODE.MEMBER) return `mode ${mode[node]}`;
  if (feature[node] < 0 || feature[node] >= features) return `column ${feature[node]} of ${features}`;
  if (leaf[node] !== -1) return 'a branch with weights';
  if (missingYes[node] > 1) return `missingYes is ${missingYes[node]}`;
  for (const child of [yes[node], no[node]]) if (child <= node || child >= end) return `child ${child}`;
  return yes[node] === no[node] ? 'one child for both answers' : thresholdFault(ensemble, node);
}

/** An infinite threshold is sound: LightGBM parts missing values from all others with one. */
function thresholdFault(ensemble: TreeEnsemble, node: number): string | undefined {
  const threshold = ensemble.threshold[node];
  const sound =
    ensemble.mode[node] === MODE.MEMBER
      ? Number.isInteger(threshold) && threshold >= 0 && threshold < ensemble.sets.length
      : isExact(ensemble, threshold);
  return sound ? undefined : `threshold ${threshold}`;
}

function isExact({ float }: TreeEnsemble, x: number): boolean {
  return !Number.isNaN(x) && (float === 'float64' || Math.fround(x) === x);
}
