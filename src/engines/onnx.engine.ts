import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Provider, Variant } from '../domain/model.js';
import { variantLabel } from '../domain/model.js';
import { InferenceEngine, type Answer, type Floats } from './inference.engine.js';
import type { ModelSpec } from './model-spec.js';
import { decodeModel } from './onnx/onnx-proto.js';
import { readTreeModel } from './onnx/read-tree-model.js';
import { applyLink, type Link } from './trees/link.js';
import type { Float } from './trees/tree-ensemble.js';

/**
 * Single-threaded: sums are then reproducible whatever the machine, and the rows are spread over workers instead. No
 * spinning: an idle pool would burn a core. No arena: after one big batch it keeps the memory until release, and it
 * gains 3 % at 100 rows.
 */
function optionsFor(provider: Provider): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: false,
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}

/**
 * Most rows and input numbers a call on the CPU. Without an arena the runtime's intermediate results are fresh memory each
 * time; little of it is found again, much is paged in anew. Over 2,000 rows an MLP of 64 columns takes a tenth longer in one
 * call than in two, a GRU over windows of 1,024 numbers a third longer in one than in four.
 */
const CALL_ROWS = 1_000;
const CALL_NUMBERS = 512 * 1024;

interface Loaded {
  readonly session: InferenceSession;
  readonly spec: ModelSpec;
  /** Of the input and of every output. */
  readonly float: Float;
  /** The last transform, of a model that leaves it to us. */
  readonly link: Link | undefined;
}

/** ONNX Runtime. `run` blocks its thread for as long as the model computes: it belongs in a worker. */
export class OnnxEngine extends InferenceEngine {
  #loaded: Loaded | undefined;
  /** Kept from run to run, and grown: nothing is allocated for rows of another type, or for margins. */
  #rows: Floats = new Float32Array(0);
  #margins: Floats = new Float32Array(0);

  constructor(private readonly variant: Extract<Variant, { engine: 'onnx' }>) {
    super();
  }

  override get label(): string {
    return variantLabel(this.variant);
  }

  override async load(spec: ModelSpec): Promise<void> {
    const bytes = await readFile(spec.file);
    const session = await InferenceSession.create(bytes, optionsFor(this.variant.provider));
    try {
      const float = floatOf(session, spec);
      this.#loaded = { session, spec, float, link: spec.margins && linkIn(bytes) };
      this.#rows = arrayOf(float, 0);
      this.#margins = arrayOf(float, 0);
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  override async run(rows: number, input: Floats, output: Floats, answer: Answer = 'predictions'): Promise<void> {
    if (!this.#loaded) throw new Error('the model is not loaded');
    const { spec, float, link } = this.#loaded;
    if (answer === 'predictions' && !link) return this.#fetch(spec.output, spec.columns, rows, input, output);
    if (!spec.margins) throw new Error(`${spec.key} names no margins`);
    const { output: name, columns } = spec.margins;
    if (answer === 'margins' || !link) return this.#fetch(name, columns, rows, input, output);
    if (this.#margins.length < rows * columns) this.#margins = arrayOf(float, rows * columns);
    await this.#fetch(name, columns, rows, input, this.#margins);
    applyLink(link, float, this.#margins, rows, columns, output);
  }

  override async release(): Promise<void> {
    const session = this.#loaded?.session;
    this.#loaded = undefined;
    await session?.release();
  }

  /** In calls as few as the two limits allow, as even as they go. */
  async #fetch(name: string, columns: number, rows: number, input: Floats, output: Floats): Promise<void> {
    const { window, features } = this.#loaded!.spec;
    const width = window * features;
    const least = Math.max(rows / CALL_ROWS, (rows * width) / CALL_NUMBERS);
    const calls = this.variant.provider === 'cpu' ? Math.min(rows, Math.ceil(least)) : 1;
    for (let call = 0; call < calls; call += 1) {
      const [from, to] = [Math.floor((rows * call) / calls), Math.floor((rows * (call + 1)) / calls)];
      const part = input.subarray(from * width, to * width);
      await this.#call(name, columns, to - from, part, output.subarray(from * columns, to * columns));
    }
  }

  async #call(name: string, columns: number, rows: number, input: Floats, output: Floats): Promise<void> {
    const { session, spec, float } = this.#loaded!;
    const { window, features } = spec;
    // The runtime has a matrix kernel of its own for one row (where weights are not packed), free to add in another
    // order: one row is run twice over, so that its answer is the same bit for bit in a batch of any size.
    const count = Math.max(2, rows);
    const data = this.#dataFor(rows, count, window * features, input);
    const shape = window > 1 ? [count, window, features] : [count, features];
    const tensor = new Tensor(float, data as Float32Array, shape);
    const found = (await session.run({ [spec.input]: tensor }, [name]))[name];
    if (found?.type !== float || sizeOf(found.dims) !== count * columns || found.dims[0] !== count) {
      const is = `${found?.type} [${found?.dims.join(', ')}]`;
      throw new Error(`output ${name} is ${is}, expected ${float} [${count}, ${columns}]`);
    }
    output.set((found.data as Floats).subarray(0, rows * columns));
  }

  /** @returns `count` rows of the model's type: the caller's own where they are that already */
  #dataFor(rows: number, count: number, width: number, input: Floats): Floats {
    const given = input.subarray(0, rows * width);
    const fits = input instanceof (this.#loaded!.float === 'float32' ? Float32Array : Float64Array);
    if (rows === count && fits) return given;
    if (this.#rows.length < count * width) this.#rows = arrayOf(this.#loaded!.float, count * width);
    this.#rows.set(given);
    if (rows === 1) this.#rows.copyWithin(width, 0, width);
    return this.#rows.subarray(0, count * width);
  }
}

const arrayOf = (float: Float, length: number): Floats =>
  float === 'float32' ? new Float32Array(length) : new Float64Array(length);

const sizeOf = (dims: readonly number[]): number => dims.reduce((product, size) => product * size, 1);

/** The link lies in the file beside the trees: whoever runs it ends it the same way. */
function linkIn(bytes: Uint8Array): Link {
  const read = readTreeModel(decodeModel(bytes));
  if ('reason' in read) throw new Error(`its margins need the link of a tree model, but ${read.reason}`);
  return read.model.link;
}

/** @returns the model's type @throws saying what of the loaded model's names, types or shapes is not as the spec says */
function floatOf(session: InferenceSession, spec: ModelSpec): Float {
  const input = session.inputMetadata.find(({ name }) => name === spec.input);
  if (!input) throw new Error(`no input ${spec.input}; the model has ${session.inputNames.join(', ')}`);
  for (const output of [spec.output, ...(spec.margins ? [spec.margins.output] : [])]) {
    if (!session.outputNames.includes(output))
      throw new Error(`no output ${output}; the model has ${session.outputNames.join(', ')}`);
  }
  if (!input.isTensor || (input.type !== 'float32' && input.type !== 'float64'))
    throw new Error(`input ${spec.input} is no float32 or float64 tensor`);
  const expected = spec.window > 1 ? [spec.window, spec.features] : [spec.features];
  const fixed = input.shape.slice(1);
  const fits =
    fixed.length === expected.length &&
    fixed.every((size, i) => typeof size === 'string' || size === -1 || size === expected[i]);
  if (!fits)
    throw new Error(`input ${spec.input} is [${input.shape.join(', ')}], expected [rows, ${expected.join(', ')}]`);
  if (typeof input.shape[0] === 'number' && input.shape[0] > 0)
    throw new Error(`input ${spec.input} fixes the number of rows`);
  return input.type;
}
