import type { Provider, Variant } from '../../domain/model.js';
import type { ProviderChoice } from '../../engines/provider.js';
import type { Certificate } from '../certification/certificate.js';
import type { Manifest } from '../manifest.js';
import type { Refusal } from '../refusal-codes.js';

/** A version whose manifest has passed: what the admission process must know to open it. */
export interface Candidate {
  /** `name@version` */
  readonly ref: string;
  /** Absolute path of models/<name>/<version>. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** One way to run it, and the file in its folder that it runs. */
export interface Runnable {
  readonly variant: Variant;
  readonly file: string;
  readonly sha256: string;
}

/** What may be chosen from on this machine. */
export interface Wishes {
  readonly mixed: boolean;
  readonly provider: ProviderChoice;
  /** Those to try here; the last is the CPU. */
  readonly providers: readonly Provider[];
}

/** What the admission process is asked to judge before it serves. */
export interface Judged {
  readonly candidate: Candidate;
  /** Those that its certificate covers; without one, ONNX Runtime on the CPU alone. */
  readonly runnables: readonly Runnable[];
}

/** How long each step took, ms, measured in the admission process. */
export interface AdmissionTimings {
  readonly hashMs?: number;
  readonly loadMs?: number;
  readonly goldenMs?: number;
  /** First and steady run of 1 and of 64 rows, of what was chosen. */
  readonly warmUpMs?: number;
  readonly run1Ms?: number;
  readonly run64Ms?: number;
}

export interface Chosen {
  readonly runnable: Runnable;
  /** Every way that was measured, fastest first. */
  readonly why: string;
}

export interface Verdict {
  readonly ref: string;
  /** Absent: admitted. */
  readonly refusal?: Refusal;
  readonly timings: AdmissionTimings;
  /** Largest difference to the native library over the golden rows. */
  readonly goldenWorst?: number;
  readonly goldenRows?: number;
  readonly chosen?: Chosen;
  /** Ways of running it that were tried and could not be had, each with its reason. */
  readonly notes?: readonly string[];
}

export type AdmissionRequest =
  | { readonly judge: readonly Judged[]; readonly wishes: Wishes }
  | { readonly certify: Candidate; readonly terms: Terms };

/** What a certificate is made on. */
export interface Terms {
  readonly providers: readonly Provider[];
  /** Where a prediction becomes a trade; only of models that serve timeframes. */
  readonly thresholds: { readonly minConfidence: number; readonly minEdge: number };
  readonly madeAt: string;
  readonly version: string;
}

export type AdmissionReply =
  | { readonly began: string }
  | { readonly verdict: Verdict }
  | { readonly certificate: Certificate }
  | { readonly refused: Refusal };

/** A tensor as a graph declares it; a free dimension is a text or negative. */
export interface TensorShape {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/**
 * @param declared what the manifest says
 * @param actual what the graph has
 * @returns what differs in words, or undefined
 */
export function tensorFault(
  what: 'input' | 'output',
  declared: { readonly name: string; readonly shape: readonly (number | null)[]; readonly dtype: string },
  actual: readonly TensorShape[],
): string | undefined {
  const found = actual.find(({ name }) => name === declared.name);
  const have = actual.map(({ name }) => `"${name}"`).join(', ') || 'none';
  if (!found) return `the graph has no ${what} "${declared.name}"; it has ${have}`;
  if (what === 'input' && actual.length > 1) return `the graph needs more than one input: ${have}`;
  if (found.type !== declared.dtype)
    return `${what} "${found.name}" is ${found.type}, the manifest says ${declared.dtype}`;
  const fits =
    found.shape.length === declared.shape.length &&
    declared.shape.every((size, i) => (size === null ? isFree(found.shape[i]!) : found.shape[i] === size));
  if (fits) return undefined;
  const shapes = `${JSON.stringify(found.shape)}, the manifest says ${JSON.stringify(declared.shape)}`;
  const oneCandle = found.shape.length === declared.shape.length + 1 && found.shape[1] === 1;
  const remedy = oneCandle ? ': an axis for a window of 1 is one too many, export it as [rows, features]' : '';
  return `${what} "${found.name}" has shape ${shapes} (null: free)${remedy}`;
}

function isFree(dimension: number | string): boolean {
  return typeof dimension === 'string' || dimension < 0;
}
