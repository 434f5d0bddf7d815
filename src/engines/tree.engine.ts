import { readFile } from 'node:fs/promises';
import { InferenceEngine, type Answer, type Floats } from './inference.engine.js';
import type { ModelSpec } from './model-spec.js';
import { decodeModel } from './onnx/onnx-proto.js';
import { readTreeModel } from './onnx/read-tree-model.js';
import { compileTrees, type TreeKernel } from './trees/compile-trees.js';
import { applyLink, linkOutputs } from './trees/link.js';
import type { TreeModel } from './trees/tree-model.js';

interface Loaded {
  readonly model: TreeModel;
  readonly spec: ModelSpec;
  readonly kernel: TreeKernel;
}

/** Our own kernel for tree models, in the model's own arithmetic. `run` blocks its thread: it belongs in a worker. */
export class TreeEngine extends InferenceEngine {
  override readonly label = 'tree';
  #loaded: Loaded | undefined;
  /** Margins of the largest batch so far. */
  #margins: Floats = new Float64Array(0);

  override async load(spec: ModelSpec): Promise<void> {
    const onnx = decodeModel(await readFile(spec.file));
    const read = readTreeModel(onnx);
    if ('reason' in read) throw new Error(`${spec.key} is no tree model: ${read.reason}`);
    if (!onnx.graph?.input.some(({ name }) => name === spec.input)) throw new Error(`no input ${spec.input}`);
    const fault = misfitOf(read, spec);
    if (fault !== undefined) throw new Error(fault);
    this.#loaded = { model: read.model, spec, kernel: compileTrees(read.model) };
  }

  override async run(rows: number, input: Floats, output: Floats, answer: Answer = 'predictions'): Promise<void> {
    if (!this.#loaded) throw new Error('the model is not loaded');
    const { model, spec, kernel } = this.#loaded;
    if (answer === 'margins') {
      if (!spec.margins) throw new Error(`${spec.key} names no margins`);
      kernel.run(rows, input, output);
      return;
    }
    const { float, targets } = model.ensemble;
    const margins = this.#marginsFor(rows * targets, float === 'float32' ? Float32Array : Float64Array);
    kernel.run(rows, input, margins);
    applyLink(model.link, float, margins, rows, targets, output);
  }

  override async release(): Promise<void> {
    this.#loaded = undefined;
    this.#margins = new Float64Array(0);
  }

  #marginsFor(length: number, Type: Float32ArrayConstructor | Float64ArrayConstructor): Floats {
    if (!(this.#margins instanceof Type) || this.#margins.length < length) this.#margins = new Type(length);
    return this.#margins;
  }
}

/** @returns what of the model is not as the spec says, undefined where all is */
function misfitOf({ model, output }: { model: TreeModel; output: string }, spec: ModelSpec): string | undefined {
  const { features, targets } = model.ensemble;
  const outputs = linkOutputs(model.link, targets);
  if (spec.window !== 1) return `trees see one row, not a window of ${spec.window}`;
  if (features !== spec.features) return `input ${spec.input} has ${features} columns, expected ${spec.features}`;
  if (output !== spec.output) return `no output ${spec.output}; the predictions are ${output}`;
  if (outputs !== spec.columns) return `output ${output} has ${outputs} columns, expected ${spec.columns}`;
  if (spec.margins && spec.margins.columns !== targets)
    return `output ${spec.margins.output} has ${targets} columns, expected ${spec.margins.columns}`;
  return undefined;
}
