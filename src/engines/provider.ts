import { PROVIDERS, type Provider, type Variant } from '../domain/model.js';

export const PROVIDER_CHOICES = ['auto', ...PROVIDERS] as const;
export type ProviderChoice = (typeof PROVIDER_CHOICES)[number];

/** What the machine has. A software Vulkan device is no card. */
export interface GraphicsCard {
  readonly any: boolean;
  readonly nvidia: boolean;
}

/**
 * @returns the providers to try, the wanted one first; the last always works. `auto` tries a GPU's provider only where there
 *   is a card: a software adapter would be accepted without an error, and be slower than the CPU.
 */
export function providersFor(choice: ProviderChoice, card: GraphicsCard): readonly Provider[] {
  switch (choice) {
    case 'auto':
      return [...(card.nvidia ? (['cuda'] as const) : []), ...(card.any ? (['webgpu'] as const) : []), 'cpu'];
    case 'tensorrt':
      return ['tensorrt', 'cuda', 'cpu'];
    case 'cpu':
      return ['cpu'];
    default:
      return [choice, 'cpu'];
  }
}

/** @returns how many workers run: as asked, else one a core, less one for the main thread */
export function workerCount(asked: number, cores: number): number {
  return asked > 0 ? asked : Math.max(1, cores - 1);
}

/** A GPU has one session, in one worker: two on WebGPU at once end the process (SIGSEGV), two on CUDA wait for each other. */
export function onlyOnce(variant: Variant): boolean {
  return variant.engine === 'onnx' && variant.provider !== 'cpu';
}

export interface Precision {
  readonly mixedAsked: boolean;
  readonly used: 'full' | 'mixed';
  readonly reason: string | null;
}

/** @returns the precision in use: FP16 is chosen a version, where it is measured faster and stays within its bound */
export function precisionOf(mixedAsked: boolean, variants: readonly Variant[]): Precision {
  const mixed = variants.some((variant) => variant.engine === 'onnx' && variant.precision === 'fp16');
  if (mixed) return { mixedAsked, used: 'mixed', reason: null };
  const reason = 'MIXED_PRECISION_ENABLED is on, but no version gains from FP16 here: see its certificate';
  return { mixedAsked, used: 'full', reason: mixedAsked ? reason : null };
}
