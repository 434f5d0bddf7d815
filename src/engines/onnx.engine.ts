import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ModelSpec } from './model-spec.js';
import { InferenceEngine } from './inference.engine.js';
import { providersFor, type Provider, type ProviderChoice } from './provider.js';

const CLASS_COUNT = 3;

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

/** ONNX Runtime. `run` blocks its thread for as long as the model computes: it belongs in a worker. */
export class OnnxEngine extends InferenceEngine {
  #session: InferenceSession | undefined;
  #spec: ModelSpec | undefined;
  #label = 'onnx';
  #pair = new Float32Array(0);
  readonly #notes: string[] = [];

  constructor(private readonly choice: ProviderChoice) {
    super();
  }

  override get label(): string {
    return this.#label;
  }

  override get notes(): readonly string[] {
    return this.#notes;
  }

  override async load(spec: ModelSpec): Promise<void> {
    this.#session = await this.#create(spec.file);
    this.#spec = spec;
    this.#pair = new Float32Array(2 * spec.window * spec.features);
    const fault = faultOf(this.#session, spec);
    if (!fault) return;
    await this.release();
    throw new Error(fault);
  }

  override async run(rows: number, input: Float32Array, output: Float32Array): Promise<void> {
    if (!this.#session || !this.#spec) throw new Error('the model is not loaded');
    const { window, features, input: name, output: wanted } = this.#spec;
    const width = window * features;
    // The runtime has a matrix kernel of its own for one row (where weights are not packed), free to add in another
    // order: one row is run twice over, so that its answer is the same bit for bit in a batch of any size.
    const count = Math.max(2, rows);
    if (rows === 1) {
      this.#pair.set(input.subarray(0, width));
      this.#pair.copyWithin(width, 0, width);
    }
    const data = rows === 1 ? this.#pair : input.subarray(0, count * width);
    const shape = window > 1 ? [count, window, features] : [count, features];
    const answer = (await this.#session.run({ [name]: new Tensor('float32', data, shape) }, [wanted]))[wanted];
    if (
      answer?.type !== 'float32' ||
      answer.dims.length !== 2 ||
      answer.dims[0] !== count ||
      answer.dims[1] !== CLASS_COUNT
    ) {
      throw new Error(
        `output ${wanted} is ${answer?.type} [${answer?.dims.join(', ')}], expected float32 [${count}, 3]`,
      );
    }
    output.set((answer.data as Float32Array).subarray(0, rows * CLASS_COUNT));
  }

  override async release(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.release();
  }

  /** The runtime does not fall back by itself: each provider is tried, and why one failed is kept. */
  async #create(file: string): Promise<InferenceSession> {
    const providers = providersFor(this.choice);
    for (const provider of providers) {
      try {
        const session = await InferenceSession.create(file, optionsFor(provider));
        this.#label = `onnx/${provider}`;
        return session;
      } catch (error) {
        if (provider === providers.at(-1)) throw error;
        this.#notes.push(`${provider}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    throw new Error('no execution provider');
  }
}

/** @returns what is wrong with the loaded model's names, types or shapes, undefined when it is as the spec says */
function faultOf(session: InferenceSession, spec: ModelSpec): string | undefined {
  const input = session.inputMetadata.find(({ name }) => name === spec.input);
  if (!input) return `no input ${spec.input}; the model has ${session.inputNames.join(', ')}`;
  if (!session.outputNames.includes(spec.output)) {
    return `no output ${spec.output}; the model has ${session.outputNames.join(', ')}`;
  }
  if (!input.isTensor || input.type !== 'float32') return `input ${spec.input} is not a float32 tensor`;
  const expected = spec.window > 1 ? [spec.window, spec.features] : [spec.features];
  const fixed = input.shape.slice(1);
  const fits =
    fixed.length === expected.length &&
    fixed.every((size, i) => typeof size === 'string' || size === -1 || size === expected[i]);
  if (!fits) return `input ${spec.input} is [${input.shape.join(', ')}], expected [rows, ${expected.join(', ')}]`;
  if (typeof input.shape[0] === 'number' && input.shape[0] > 0) return `input ${spec.input} fixes the number of rows`;
  return undefined;
}
