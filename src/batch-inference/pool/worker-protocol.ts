import type { ModelSpec } from '../../engines/model-spec.js';
import type { Timing } from './cost-line.js';
import type { FloatTypes } from './job.js';

/**
 * Main thread → worker. One at a time is in flight: the next is posted when the last was answered. Numbers cross as
 * transferred buffers, both ways: nothing is copied, and the same two buffers come back with the answer.
 */
export type ToWorker =
  | { readonly kind: 'load'; readonly model: ModelSpec }
  | { readonly kind: 'unload'; readonly key: string }
  | {
      readonly kind: 'run';
      readonly key: string;
      readonly rows: number;
      /** [rows × window × features], perhaps longer */
      readonly input: ArrayBuffer;
      /** [rows × columns], perhaps longer */
      readonly output: ArrayBuffer;
      readonly dtype: FloatTypes;
    }
  | { readonly kind: 'close' };

/** Worker → main thread. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'loaded';
      readonly key: string;
      readonly engine: string;
      /** Of the warm-up's calls. */
      readonly timings: readonly Timing[];
    }
  | { readonly kind: 'refused'; readonly key: string; readonly reason: string }
  | { readonly kind: 'unloaded'; readonly key: string }
  | {
      readonly kind: 'ran';
      readonly input: ArrayBuffer;
      readonly output: ArrayBuffer;
      /** Wall time, epoch ms, at which the worker began and at which it had the answer. */
      readonly inferring: number;
      readonly inferred: number;
      /** Why there is no answer. */
      readonly error?: string;
    };
