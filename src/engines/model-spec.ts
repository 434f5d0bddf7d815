import { refOf, variantLabel, type ActiveModel, type Variant } from '../domain/model.js';

/** What an engine must know of a model: the part of an ActiveModel that crosses to a worker. */
export interface ModelSpec {
  /** Names it among all that a worker has loaded, and in the engine's messages. */
  readonly key: string;
  /** Absolute path of the model file. */
  readonly file: string;
  readonly variant: Variant;
  readonly input: string;
  /** The output that holds the predictions, and how many numbers a row they are. */
  readonly output: string;
  readonly columns: number;
  /** The output that holds the margins, of models whose last transform is applied outside the graph. */
  readonly margins?: { readonly output: string; readonly columns: number };
  readonly features: number;
  /** 1: input is [rows, features]; more: [rows, window, features]. */
  readonly window: number;
}

/** @returns the part of an admitted model that a worker needs; its key changes with the file and the variant */
export function specOf(model: ActiveModel): ModelSpec {
  const { file, variant, input, output, margins, window, features, columns } = model;
  const shape = { columns, features: features.length, window };
  const key = `${refOf(model)} ${variantLabel(variant)} ${file}`;
  return { key, file, variant, input, output, ...(margins && { margins }), ...shape };
}
