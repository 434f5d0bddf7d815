export type Provider = 'cpu' | 'cuda' | 'tensorrt' | 'webgpu';
export type ProviderChoice = 'auto' | Provider;

const ORDER: Readonly<Record<ProviderChoice, readonly Provider[]>> = {
  auto: ['cpu'],
  cpu: ['cpu'],
  cuda: ['cuda', 'cpu'],
  tensorrt: ['tensorrt', 'cuda', 'cpu'],
  webgpu: ['webgpu', 'cpu'],
};

/** @returns the providers to try, best first; the last always works */
export function providersFor(choice: ProviderChoice): readonly Provider[] {
  return ORDER[choice];
}

/** @returns how many workers the machine and the provider allow; two workers on WebGPU at once end the process (SIGSEGV) */
export function workerCount(asked: number, cores: number, choice: ProviderChoice): number {
  if (choice === 'webgpu') return 1;
  return asked > 0 ? asked : Math.max(1, cores - 1);
}

export interface Precision {
  readonly mixedAsked: boolean;
  readonly used: 'fp32';
  readonly reason: string | null;
}

/** @returns the precision in use: the CPU runs FP16 models by casting each value to FP32, so FP32 is used */
export function precisionFor(mixedAsked: boolean): Precision {
  const reason = 'MIXED_PRECISION_ENABLED has no effect: the CPU casts FP16 to FP32, no gain measured';
  return { mixedAsked, used: 'fp32', reason: mixedAsked ? reason : null };
}
