import type { ModelSpec } from './model-spec.js';

export type Floats = Float32Array | Float64Array;

/** `predictions`: the model's last word. `margins`: before its last transform, of models that name them. */
export type Answer = 'predictions' | 'margins';

/** One model, loaded. Rows are independent of one another: a row's answer does not depend on its batch. */
export abstract class InferenceEngine {
  /** What runs it, once loaded: `onnx/cpu`, `tree`. */
  abstract readonly label: string;

  /** @throws with the reason when the file, its names, types or shapes are not what the spec says */
  abstract load(spec: ModelSpec): Promise<void>;

  /**
   * @param rows ≥ 1
   * @param input at least rows × window × features values, row after row, oldest candle first
   * @param output at least rows × columns values (predictions) or rows × margins; filled row after row
   */
  abstract run(rows: number, input: Floats, output: Floats, answer?: Answer): Promise<void>;

  abstract release(): Promise<void>;
}
