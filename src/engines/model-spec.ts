import { refOf, type ActiveModel, type Variant } from '../domain/model.js';

/** What an engine must know of a model: the part of an ActiveModel that crosses to a worker. */
export interface ModelSpec {
  /** `<name>@<version>` */
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

/** @returns the part of an admitted model that a worker needs */
export function specOf(model: ActiveModel): ModelSpec {
  const { file, variant, input, output, margins, window, features, columns } = model;
  const shape = { columns, features: features.length, window };
  return { key: refOf(model), file, variant, input, output, ...(margins && { margins }), ...shape };
}
