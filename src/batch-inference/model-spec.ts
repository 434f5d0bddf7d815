import { refOf, type ActiveModel } from '../domain/model.js';

/** What an engine must know of a model: the part of an ActiveModel that crosses to a worker. */
export interface ModelSpec {
  /** `<name>@<version>` */
  readonly key: string;
  /** Absolute path of the model file. */
  readonly file: string;
  readonly input: string;
  readonly output: string;
  readonly features: number;
  /** 1: input is [rows, features]; more: [rows, window, features]. */
  readonly window: number;
}

/** @returns the part of an admitted model that a worker needs */
export function specOf(model: ActiveModel): ModelSpec {
  const { file, input, output, window, features } = model;
  return { key: refOf(model), file, input, output, window, features: features.length };
}
