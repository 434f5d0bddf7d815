import type { Reference } from './reference.js';
import type { Role } from './role.js';
import type { Timeframe } from './timeframe.js';

/** What identifies a served model everywhere: rows, signals, metrics. */
export interface ModelRef {
  readonly name: string;
  readonly version: string;
}

/** One input column: the feature's name, and what training saw of it. */
export interface ModelFeature {
  readonly name: string;
  /** Mean and standard deviation over the training rows. */
  readonly mean: number;
  readonly std: number;
  /** Share of the model's total importance, 0..1; how it is measured stands in the model card. */
  readonly importance: number;
}

export const PROVIDERS = ['cpu', 'cuda', 'tensorrt', 'webgpu'] as const;
/** Where ONNX Runtime computes. */
export type Provider = (typeof PROVIDERS)[number];

/**
 * One way to run a version. `tree` is our own kernel, on the CPU, in the model's own arithmetic. Precision is that of the
 * weights; answers enter and leave in the model's own type.
 */
export type Variant =
  | { readonly engine: 'tree' }
  | { readonly engine: 'onnx'; readonly provider: Provider; readonly precision: 'full' | 'fp16' };

/** @returns `tree`, `onnx/cpu`, `onnx/webgpu/fp16` */
export function variantLabel(variant: Variant): string {
  if (variant.engine === 'tree') return 'tree';
  return `onnx/${variant.provider}${variant.precision === 'fp16' ? '/fp16' : ''}`;
}

/** @returns what `variantLabel` wrote, undefined for anything else */
export function parseVariant(label: string): Variant | undefined {
  if (label === 'tree') return { engine: 'tree' };
  const [engine, provider, half, ...rest] = label.split('/');
  const known = PROVIDERS.find((one) => one === provider);
  if (engine !== 'onnx' || !known || rest.length > 0 || (half !== undefined && half !== 'fp16')) return undefined;
  return { engine, provider: known, precision: half ? 'fp16' : 'full' };
}

/** What every version that is served has, however it comes to its answers. */
export interface Serving extends ModelRef {
  readonly timeframes: readonly Timeframe[];
  /** Vote weight in the strategy, > 0. */
  readonly weight: number;
  /** Numbers a row of its output. */
  readonly columns: number;
  /** What each column is the probability of; null: the columns are no classes. */
  readonly classes: readonly string[] | null;
  readonly role: Role;
  /** Of a canary: its share of the symbols, 0..1. */
  readonly share: number;
}

/** A model version that was admitted: what BatchInference needs to serve it. */
export interface ActiveModel extends Serving {
  /** Absolute path of the ONNX file whose sha256 was checked: of the variant that was chosen. */
  readonly file: string;
  /** The fastest one that its certificate covers. */
  readonly variant: Variant;
  readonly features: readonly ModelFeature[];
  /** 1: input is [rows, features]; more: [rows, window, features], oldest candle first. */
  readonly window: number;
  readonly input: string;
  /** Name of the output that holds its answers, [rows, columns]; in the trading loop the probabilities of short, flat, long. */
  readonly output: string;
  /** Margins, of models whose last transform is applied outside the graph: the same code then ends every engine. */
  readonly margins?: { readonly output: string; readonly columns: number };
  readonly dtype: { readonly input: 'float32' | 'float64'; readonly output: 'float32' | 'float64' };
  /** What its training rows looked like; absent: no drift is measured and no row is gated. */
  readonly reference?: Reference;
}

export const CLASSES = ['short', 'flat', 'long'] as const;

export function refOf({ name, version }: ModelRef): string {
  return `${name}@${version}`;
}
