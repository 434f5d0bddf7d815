import { CLASSES, refOf, type ActiveModel } from '../domain/model.js';

/** What an engine must know of a model: the part of an ActiveModel that crosses to a worker. */
export interface ModelSpec {
  /** `<name>@<version>` */
  readonly key: string;
  /** Absolute path of the model file. */
  readonly file: string;
  readonly input: string;
  /** The output that holds the predictions, and how many numbers a row they are. */
  readonly output: string;
  readonly columns: number;
  /** The output that holds the margins, of models that have one. */
  readonly margins?: { readonly output: string; readonly columns: number };
  readonly features: number;
  /** 1: input is [rows, features]; more: [rows, window, features]. */
  readonly window: number;
}

/** @returns the part of an admitted model that a worker needs */
export function specOf(model: ActiveModel): ModelSpec {
  const { file, input, output, window, features } = model;
  return { key: refOf(model), file, input, output, columns: CLASSES.length, window, features: features.length };
}
