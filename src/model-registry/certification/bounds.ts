import type { Variant } from '../../domain/model.js';
import type { Check } from './certificate.js';

/**
 * How far a way of running a version may be from the reference.
 * `exact`: no margin differs in a bit. Tree models with margins, on either engine.
 * `close`: rounding alone. Full precision on the CPU.
 * `loose`: other arithmetic. FP16, and GPUs, which multiply in TF32 by default.
 */
export type Bound = 'exact' | 'close' | 'loose';

const CLOSE = 1e-5;
/** Of a probability, or of the largest answer. */
export const LOOSE = 5e-3;
/** Of the rows tried. */
const MOST_FLIPS = { exact: 0, close: 0.001, loose: 0.005 } as const;

/** @param exact trees with margins, on an engine that computes in the model's own arithmetic @returns what it must keep to */
export function boundOf(variant: Variant, exact: boolean): Bound {
  if (variant.engine === 'onnx' && (variant.provider !== 'cpu' || variant.precision === 'fp16')) return 'loose';
  return exact ? 'exact' : 'close';
}

/** @param scale of the reference's predictions, at least 1: 1 for probabilities @returns why the check fails, or undefined */
export function faultOf(check: Check, bound: Bound, scale: number): string | undefined {
  const { bucket, rows, outputs, label_flips, decision_flips, not_finite } = check;
  const at = `in batches of ${bucket}`;
  if (not_finite > 0) return `${not_finite} answers are not finite ${at}`;
  const [first] = outputs;
  const predictions = outputs.at(-1)!;
  if (bound === 'exact' && first!.differing_numbers > 0) {
    return `${first!.differing_numbers} ${first!.output} differ ${at}, by up to ${first!.largest_ulp} ulp`;
  }
  const allowed = (bound === 'loose' ? LOOSE : CLOSE) * scale;
  if (!(Number(predictions.largest_difference) <= allowed)) {
    return `predictions differ by up to ${predictions.largest_difference} ${at}, allowed is ${allowed}`;
  }
  const flips = Math.max(label_flips, decision_flips);
  if (flips <= MOST_FLIPS[bound] * rows) return undefined;
  return `${label_flips} labels and ${decision_flips} decisions of ${rows} flip ${at}, allowed are ${MOST_FLIPS[bound] * 100} %`;
}
