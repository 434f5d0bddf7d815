import { z } from 'zod';
import { CLASSES } from '../domain/model.js';

/** Fewer rows prove too little; a wider tolerance would let another model pass. */
const MIN_ROWS = 64;
const MAX_TOLERANCE = 1e-3;

export const goldenSchema = z.strictObject({
  tolerance: z.strictObject({ absolute: z.number().positive().max(MAX_TOLERANCE) }),
  inputs: z.array(z.array(z.number())).min(MIN_ROWS).max(4096),
  outputs: z.array(z.array(z.number()).length(CLASSES.length)).min(MIN_ROWS),
});

/** What the native library answered, as flat columns. */
export interface Golden {
  readonly rows: number;
  readonly tolerance: number;
  /** [rows × width], float32: what the service will feed. */
  readonly inputs: Float32Array;
  /** [rows × 3] short, flat, long. */
  readonly outputs: Float64Array;
}

/**
 * @param width numbers in one input row: features, or window × features
 * @returns the vectors, or a sentence saying why they cannot be used
 */
export function readGolden(raw: unknown, width: number): Golden | string {
  const read = goldenSchema.safeParse(raw);
  if (!read.success) {
    const issue = read.error.issues[0];
    return `golden.json ${issue?.path.slice(0, 2).join('.') ?? ''}: ${issue?.message ?? 'cannot be read'}`;
  }
  const { inputs, outputs, tolerance } = read.data;
  if (inputs.length !== outputs.length) return `golden.json has ${inputs.length} inputs but ${outputs.length} outputs`;
  const misshapen = inputs.findIndex((row) => row.length !== width);
  if (misshapen >= 0)
    return `golden.json input ${misshapen} has ${inputs[misshapen]!.length} numbers, the model takes ${width}`;
  const improbable = outputs.findIndex(
    (row) => Math.abs(row.reduce((sum, p) => sum + p, 0) - 1) > 1e-4 || row.some((p) => p < 0),
  );
  if (improbable >= 0) return `golden.json output ${improbable} is no probability distribution`;
  return {
    rows: inputs.length,
    tolerance: tolerance.absolute,
    inputs: Float32Array.from(inputs.flat()),
    outputs: Float64Array.from(outputs.flat()),
  };
}

export interface Comparison {
  /** Largest absolute difference of a probability; infinite where an answer is not finite. */
  readonly worst: number;
  /** Golden row of the worst difference. */
  readonly row: number;
  readonly within: boolean;
}

/**
 * @param actual [n × 3] the model's answers
 * @param from golden row that the first answer belongs to
 */
export function compareGolden(golden: Golden, actual: ArrayLike<number>, from = 0): Comparison {
  let worst = 0;
  let at = from * CLASSES.length;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i]! - golden.outputs[from * CLASSES.length + i]!);
    const bounded = Number.isFinite(difference) ? difference : Infinity;
    if (bounded > worst) {
      worst = bounded;
      at = from * CLASSES.length + i;
    }
  }
  return { worst, row: Math.floor(at / CLASSES.length), within: worst <= golden.tolerance };
}
