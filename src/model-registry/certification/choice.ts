import { variantLabel, type Variant } from '../../domain/model.js';
import type { ProviderChoice } from '../../engines/provider.js';

/** A way of running a version that loaded and answered right, and what a batch of it took at warm-up. */
export interface Timed {
  readonly variant: Variant;
  readonly rows: number;
  /** Median. */
  readonly ms: number;
}

export interface Choice {
  readonly variant: Variant;
  /** `tree 1.9 ms, onnx/cpu 8.1 ms for 512 rows`, fastest first. */
  readonly why: string;
}

/**
 * The fastest, with two limits. FP16 only where mixed precision is on, and never on the CPU: it casts each value to FP32 and
 * computes as before, so that what is measured faster there is noise. And where a provider was asked for by name and is
 * there, not ONNX Runtime on the CPU. Of equals the first in label order.
 * @returns undefined when nothing may run
 */
export function chooseVariant(
  timed: readonly Timed[],
  { mixed, provider }: { readonly mixed: boolean; readonly provider: ProviderChoice },
): Choice | undefined {
  const ranked = timed.toSorted((a, b) => a.ms - b.ms || (variantLabel(a.variant) < variantLabel(b.variant) ? -1 : 1));
  const precise = ranked.filter(({ variant }) => isFull(variant) || (mixed && !isOn(variant, 'cpu')));
  const asked = provider !== 'cpu' && precise.some(({ variant }) => isOn(variant, provider));
  const fastest = precise.find(({ variant }) => !(asked && isOn(variant, 'cpu')));
  if (!fastest) return undefined;
  const figures = ranked.map(({ variant, ms }) => `${variantLabel(variant)} ${ms.toPrecision(3)} ms`).join(', ');
  return { variant: fastest.variant, why: `${figures} for ${fastest.rows} rows` };
}

const isFull = (variant: Variant): boolean => variant.engine === 'tree' || variant.precision === 'full';

function isOn(variant: Variant, provider: ProviderChoice): boolean {
  return variant.engine === 'onnx' && variant.provider === provider;
}
