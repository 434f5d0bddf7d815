import { applyRules } from '../../engines/trees/columns.js';
import { applyLink } from '../../engines/trees/link.js';
import type { TreeModel } from '../../engines/trees/tree-model.js';
import { walk } from '../../engines/trees/walk.js';
import type { Output } from './comparison.js';

/**
 * What a tree model answers by definition: each row walked down each tree, node by node.
 * @param values [rows × features]
 * @param columns of its predictions
 * @returns margins, then predictions
 */
export function byDefinition({ ensemble, rules, link }: TreeModel, values: Float64Array, columns: number): Output[] {
  const { float, targets, features } = ensemble;
  const rows = values.length / features;
  const margins = new Float64Array(rows * targets);
  const row = new Float64Array(features);
  for (let i = 0; i < rows; i += 1) {
    row.set(values.subarray(i * features, (i + 1) * features));
    applyRules(rules, float, row);
    walk(ensemble, row, margins.subarray(i * targets, (i + 1) * targets));
  }
  const predictions = new Float64Array(rows * columns);
  applyLink(link, float, margins, rows, targets, predictions);
  return [
    { output: 'margins', columns: targets, float, values: margins },
    { output: 'predictions', columns, float, values: predictions },
  ];
}
