// PLACEHOLDER of the integrator: the helper who owns this file replaces it whole.
import { readFile } from 'node:fs/promises';
import { InferenceEngine, type Answer, type Floats } from './inference.engine.js';
import type { ModelSpec } from './model-spec.js';
import { decodeModel } from './onnx/onnx-proto.js';
import { readTreeModel } from './onnx/read-tree-model.js';
import { applyRules } from './trees/columns.js';
import { applyLink } from './trees/link.js';
import type { TreeModel } from './trees/tree-model.js';
import { walk } from './trees/walk.js';

export class TreeEngine extends InferenceEngine {
  #model: TreeModel | undefined;
  override readonly label = 'tree';
  override async load(spec: ModelSpec): Promise<void> {
    const read = readTreeModel(decodeModel(await readFile(spec.file)));
    if ('reason' in read) throw new Error(read.reason);
    this.#model = read.model;
  }
  override async run(rows: number, input: Floats, output: Floats, answer: Answer = 'predictions'): Promise<void> {
    const { ensemble, rules, link } = this.#model!;
    const margins = new Float64Array(rows * ensemble.targets);
    const row = new Float64Array(ensemble.features);
    for (let i = 0; i < rows; i += 1) {
      row.set(input.subarray(i * row.length, (i + 1) * row.length));
      applyRules(rules, ensemble.float, row);
      walk(ensemble, row, margins.subarray(i * ensemble.targets, (i + 1) * ensemble.targets));
    }
    if (answer === 'margins') output.set(margins);
    else applyLink(link, ensemble.float, margins, rows, ensemble.targets, output);
  }
  override async release(): Promise<void> {}
}
