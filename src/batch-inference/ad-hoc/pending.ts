import { refOf, type ActiveModel } from '../../domain/model.js';
import type { Floats } from '../../engines/inference.engine.js';
import type { AdHocAnswer, AdHocRequest } from './ad-hoc-request.js';
import type { Waiting } from './line.js';

export const FLOATS = { float32: Float32Array, float64: Float64Array } as const;

/** What a worker made of a batch; times are wall times, epoch ms. */
export interface Ran {
  readonly inferring: number;
  readonly inferred: number;
  /** Rows of the batch. */
  readonly batchRows: number;
}

/** A request that was admitted, until all of its rows are answered: they may come in parts, in any order. */
export class Pending implements Waiting {
  readonly rows: number;
  readonly deadline: number;
  /** Numbers a row of its input. */
  readonly width: number;
  readonly #input: Floats;
  readonly #output: Floats;
  #missing: number;
  #inferring = Infinity;
  #inferred = 0;
  #batchRows: number | undefined;

  /**
   * @param key the model, as the workers know it
   * @param arrival wall time, epoch ms
   * @param timeoutMs from arrival until an answer is of no more use
   * @throws when the input is not what its rows and the model's shape and type say
   */
  constructor(
    { rows, input }: Pick<AdHocRequest, 'rows' | 'input'>,
    readonly model: ActiveModel,
    readonly key: string,
    readonly arrival: number,
    readonly timeoutMs: number,
  ) {
    const { window, features, columns, dtype } = model;
    this.width = window * features.length;
    if (!(rows >= 1) || input.length !== rows * this.width || !(input instanceof FLOATS[dtype.input])) {
      const expected = `${dtype.input} [${rows}, ${this.width}]`;
      throw new Error(`${refOf(model)} reads ${expected}, not ${input.constructor.name} of ${input.length}`);
    }
    this.rows = rows;
    this.deadline = arrival + timeoutMs;
    this.#input = input;
    this.#output = new FLOATS[dtype.output](rows * columns);
    this.#missing = rows;
  }

  /** Rows of the last batch that it was part of. */
  get batchRows(): number | undefined {
    return this.#batchRows;
  }

  /** @returns [rows × width], a view */
  rowsFrom(from: number, rows: number): Floats {
    return this.#input.subarray(from * this.width, (from + rows) * this.width);
  }

  /**
   * Takes the answers to some of its rows.
   * @param answers [rows × columns]
   * @returns whether they were the last
   */
  take(from: number, answers: Floats, { inferring, inferred, batchRows }: Ran): boolean {
    const { columns } = this.model;
    this.#output.set(answers, from * columns);
    this.#missing -= answers.length / columns;
    this.#inferring = Math.min(this.#inferring, inferring);
    this.#inferred = Math.max(this.#inferred, inferred);
    this.#batchRows = batchRows;
    return this.#missing === 0;
  }

  /** @returns its answer, once it has all @param now wall time, epoch ms */
  answer(engine: string, now: number): AdHocAnswer {
    if (this.#inferred > this.deadline) return this.late();
    const { name, version } = this.model;
    return {
      ...{ answered: true, model: { name, version }, engine, output: this.#output },
      queueMs: this.#inferring - this.arrival,
      inferenceMs: this.#inferred - this.#inferring,
      totalMs: now - this.arrival,
    };
  }

  late(): AdHocAnswer {
    const message = `${refOf(this.model)} did not answer within ${Math.round(this.timeoutMs)} ms`;
    return { answered: false, code: 'DEADLINE', message };
  }
}
