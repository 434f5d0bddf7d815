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

/** A model version that was admitted: what BatchInference needs to serve it. */
export interface ActiveModel extends ModelRef {
  /** Absolute path of the ONNX file whose sha256 was checked. */
  readonly file: string;
  readonly timeframes: readonly Timeframe[];
  readonly features: readonly ModelFeature[];
  /** 1: input is [rows, features]; more: [rows, window, features], oldest candle first. */
  readonly window: number;
  readonly input: string;
  /** Name of the output that holds the class probabilities [rows, 3]: short, flat, long. */
  readonly output: string;
  /** Vote weight in the ensemble, > 0. */
  readonly weight: number;
}

export const CLASSES = ['short', 'flat', 'long'] as const;

export function refOf({ name, version }: ModelRef): string {
  return `${name}@${version}`;
}
