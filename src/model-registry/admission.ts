import type { Manifest } from './manifest.js';
import type { Refusal } from './refusal-codes.js';

/** What the admission process is asked to judge. Its manifest has passed already. */
export interface Candidate {
  /** `name@version` */
  readonly ref: string;
  /** Absolute path of models/<name>/<version>. */
  readonly folder: string;
  readonly sha256: string;
  readonly input: Manifest['input'];
  readonly output: Manifest['output'];
}

/** How long each step took, ms, measured in the admission process. */
export interface AdmissionTimings {
  readonly hashMs?: number;
  readonly loadMs?: number;
  readonly goldenMs?: number;
  /** First and steady run of 1 and of 64 rows. */
  readonly warmUpMs?: number;
  readonly run1Ms?: number;
  readonly run64Ms?: number;
}

export interface Verdict {
  readonly ref: string;
  /** Absent: admitted. */
  readonly refusal?: Refusal;
  readonly timings: AdmissionTimings;
  /** Largest difference to the native library over the golden rows, in probability. */
  readonly goldenWorst?: number;
  readonly goldenRows?: number;
}

export type AdmissionRequest = { readonly candidates: readonly Candidate[] };
export type AdmissionReply = { readonly began: string } | { readonly verdict: Verdict };

/** A tensor as ONNX Runtime describes it; a free dimension is a text or negative. */
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
  return `${what} "${found.name}" has shape ${shapes} (null: free)`;
}

function isFree(dimension: number | string): boolean {
  return typeof dimension === 'string' || dimension < 0;
}
