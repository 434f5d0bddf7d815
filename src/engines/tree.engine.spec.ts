import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomRows, randomTrees } from '../../bench/random-trees.js';
import type { ModelSpec } from './model-spec.js';
import { OnnxEngine } from './onnx.engine.js';
import { writeTreeModel } from './onnx/write-tree-model.js';
import { TreeEngine } from './tree.engine.js';
import { applyLink } from './trees/link.js';
import { NO_RULES, type TreeModel } from './trees/tree-model.js';
import { walk } from './trees/walk.js';

const ROWS = 33;
const ensemble = randomTrees({ float: 'float64', features: 6, trees: 30, targets: 3, size: { leaves: 12 } }, 5);
const model: TreeModel = {
  ...{ ensemble, rules: NO_RULES, link: { kind: 'softmax' } },
  featureNames: ['a', 'b', 'c', 'd', 'e', 'f'],
};
const input = randomRows(ROWS, ensemble, 6);

let folder: string;
let spec: ModelSpec;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tree-engine-'));
  const file = join(folder, 'model.onnx');
  writeFileSync(file, writeTreeModel(model, { version: '0' }));
  spec = {
    ...{ key: 'trees@1', file, variant: { engine: 'tree' }, input: 'features', features: 6, window: 1 },
    ...{ output: 'predictions', columns: 3, margins: { output: 'margins', columns: 3 } },
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The definition's margins. */
function margins(): Float64Array {
  const all = new Float64Array(3 * ROWS);
  for (let i = 0; i < ROWS; i += 1) walk(ensemble, input.subarray(6 * i, 6 * i + 6), all.subarray(3 * i, 3 * i + 3));
  return all;
}

describe('the tree engine', () => {
  it('gives the margins of the definition, and of ONNX Runtime', async () => {
    const [tree, onnx] = [new TreeEngine(), new OnnxEngine({ engine: 'onnx', provider: 'cpu', precision: 'full' })];
    for (const engine of [tree, onnx]) {
      const output = new Float64Array(3 * ROWS);
      await engine.load(spec);
      await engine.run(ROWS, input, output, 'margins');
      expect(output).toEqual(margins());
      await engine.release();
    }
  });

  it('ends them with the link', async () => {
    const engine = new TreeEngine();
    await engine.load(spec);
    const [output, expected] = [new Float64Array(3 * ROWS), margins()];
    for (const rows of [ROWS, 2, ROWS]) await engine.run(rows, input, output);
    applyLink(model.link, 'float64', expected, ROWS, 3, expected);
    expect(output).toEqual(expected);
  });

  it('runs nothing before it is loaded and after it is released', async () => {
    const engine = new TreeEngine();
    const run = () => engine.run(1, input, new Float64Array(3));
    await expect(run()).rejects.toThrow('the model is not loaded');
    await engine.load(spec);
    await engine.release();
    await expect(run()).rejects.toThrow('the model is not loaded');
  });

  it.each<[wrong: Partial<ModelSpec>, reason: string]>([
    [{ window: 2 }, 'trees see one row, not a window of 2'],
    [{ features: 5 }, 'input features has 6 columns, expected 5'],
    [{ input: 'x' }, 'no input x'],
    [{ output: 'scores' }, 'no output scores; the predictions are predictions'],
    [{ columns: 1 }, 'output predictions has 3 columns, expected 1'],
    [{ margins: { output: 'margins', columns: 1 } }, 'output margins has 3 columns, expected 1'],
  ])('refuses %j: %s', async (wrong, reason) => {
    await expect(new TreeEngine().load({ ...spec, ...wrong })).rejects.toThrow(reason);
  });

  it('gives no margins that the spec does not name', async () => {
    const engine = new TreeEngine();
    const { margins: _, ...unnamed } = spec;
    await engine.load(unnamed);
    await expect(engine.run(1, input, new Float64Array(3), 'margins')).rejects.toThrow('trees@1 names no margins');
  });
});
