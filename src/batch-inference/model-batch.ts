import type { Abstention } from '../domain/abstention.js';
import type { ModelFeature } from '../domain/model.js';
import type { Pair } from '../domain/pair.js';
import type { TopFeature } from '../domain/prediction.js';
import type { BufferPool } from './buffers.js';
import type { AnsweredRows } from './drift/drift-watch.js';
import type { Gate } from './drift/gate.js';
import type { Outcome } from './pool/job.js';
import { adding, finite } from './sound.js';

const FLOAT_BYTES = 4;

/** What a model reads and answers a row. */
export interface RowShape {
  /** Floats it reads: window × features. */
  readonly width: number;
  /** Numbers it answers. */
  readonly columns: number;
  /** They are probabilities of classes: none is negative, and they add up to 1. */
  readonly distribution: boolean;
  /** It takes NaN for a missing value, and no gate holds a row back; otherwise a row with one abstains. */
  readonly missing: boolean;
}

/** One worker's part of a batch: packed rows in a buffer that travels. */
export interface Part {
  readonly capacity: number;
  readonly input: ArrayBuffer;
  readonly output: ArrayBuffer;
  /** Where its rows stand among the batch's packed rows. */
  from: number;
  rows: number;
  outcome?: Outcome;
}

/**
 * One model's batch of one interval: rows are packed straight into the buffers that go to the workers, and answers are
 * put back beside the symbols they belong to. Rows that cannot be had abstain, each with its reason. A row that the gate holds
 * back goes through the model like any other and is not listened to: the others get the same batch, to the bit, and drift is
 * measured on all.
 */
export class ModelBatch {
  readonly parts: Part[] = [];
  readonly probabilities: Float32Array;
  readonly answered: Uint8Array;
  readonly abstentions = new Map<Pair, Abstention>();
  /** Packed row → row. */
  readonly #rowOf: Int32Array;
  /** [packed rows] 1 where the gate held it back. */
  readonly #heldBack: Uint8Array;
  #packed = 0;
  #filling = 0;
  #view: Float32Array = new Float32Array(0);
  #released = false;

  /**
   * @param shards rows planned for each part; see `shardsOf`
   * @param gate absent: every row that is finite passes
   */
  constructor(
    private readonly symbols: readonly Pair[],
    private readonly shape: RowShape,
    shards: readonly number[],
    private readonly buffers: BufferPool,
    private readonly gate?: Gate,
  ) {
    const { width, columns } = shape;
    this.probabilities = new Float32Array(symbols.length * columns).fill(NaN);
    this.answered = new Uint8Array(symbols.length);
    this.#rowOf = new Int32Array(symbols.length);
    this.#heldBack = new Uint8Array(symbols.length);
    for (const capacity of shards) {
      const input = buffers.take(capacity * width * FLOAT_BYTES);
      const output = buffers.take(capacity * columns * FLOAT_BYTES);
      this.parts.push({ capacity, input, output, from: 0, rows: 0 });
    }
  }

  abstain(row: number, reason: Abstention): void {
    this.abstentions.set(this.symbols[row]!, reason);
  }

  /**
   * Packs one row. Call it at most as often as rows were planned.
   * @param copy writes `width` floats at an offset; false when the series has too few warm rows
   */
  pack(row: number, copy: (into: Float32Array, offset: number) => boolean): void {
    let part = this.parts[this.#filling]!;
    if (part.rows === part.capacity) {
      this.#filling += 1;
      part = this.parts[this.#filling]!;
      part.from = this.#packed;
    }
    if (part.rows === 0) this.#view = new Float32Array(part.input);
    const offset = part.rows * this.shape.width;
    if (!copy(this.#view, offset)) return this.abstain(row, 'WARMING_UP');
    const fault = this.#faultAt(offset);
    if (fault) this.abstain(row, fault);
    if (fault === 'NOT_FINITE') return;
    this.#heldBack[this.#packed] = fault ? 1 : 0;
    this.#rowOf[this.#packed] = row;
    this.#packed += 1;
    part.rows += 1;
  }

  /** Puts the answers beside their rows, once every part with rows has its outcome. */
  collect(): void {
    for (const { outcome, rows, from } of this.parts) {
      if (rows === 0) continue;
      if (!outcome) throw new Error('a part of the batch has no outcome yet');
      if (outcome.answered) this.#spread(new Float32Array(outcome.output), from, rows);
      else {
        for (let i = from; i < from + rows; i += 1)
          if (this.#heldBack[i] === 0) this.abstain(this.#rowOf[i]!, outcome.code);
      }
    }
  }

  /**
   * Rows that the model answered, those that the gate held back among them, until the buffers are given back.
   * @param features of the newest candle, the last floats of a row
   */
  *answeredRows(features: number): Generator<AnsweredRows> {
    if (this.#released) throw new Error('the batch is complete: its feature rows are no longer kept');
    for (const { rows, outcome } of this.parts) {
      if (rows === 0 || !outcome?.answered) continue;
      const { width, columns } = this.shape;
      const newest = new Float32Array(outcome.input, (width - features) * FLOAT_BYTES);
      const outputs = new Float32Array(outcome.output);
      yield { rows, features: newest, featureStride: width, outputs, outputStride: columns };
    }
  }

  /**
   * @returns the `count` features of a row that moved it furthest from what training saw, importance × |value − mean| /
   * std, largest first; of the newest candle for a model that reads a window. Empty for a row without an answer.
   * @throws once the batch's buffers are given back
   */
  topFeatures(row: number, features: readonly ModelFeature[], count: number): readonly TopFeature[] {
    if (this.#released) throw new Error('the batch is complete: its feature rows are no longer kept');
    const packed = this.#rowOf.subarray(0, this.#packed).indexOf(row);
    const part = this.parts.find(({ from, rows }) => packed >= from && packed < from + rows);
    if (packed < 0 || !part?.outcome?.answered || this.answered[row] === 0) return [];
    const newest = (packed - part.from + 1) * this.shape.width - features.length;
    const values = new Float32Array(part.outcome.input, newest * FLOAT_BYTES, features.length);
    return features
      .map(({ name, mean, std, importance }, i) => {
        const zScore = std > 0 ? (values[i]! - mean) / std : 0;
        return { name, value: values[i]!, zScore, salience: importance * Math.abs(zScore) };
      })
      .sort((a, b) => b.salience - a.salience)
      .slice(0, count)
      .map(({ name, value, zScore }) => ({ name, value, zScore }));
  }

  /** Gives the buffers that came back to the pool. Harmless when called again. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    for (const { outcome, rows, input, output } of this.parts) {
      const back = rows === 0 ? { input, output } : outcome?.answered ? outcome : undefined;
      if (!back) continue;
      this.buffers.give(back.input);
      this.buffers.give(back.output);
    }
  }

  /** One pass over the row. The gate refuses what is not finite as well; only what it refuses is looked at twice. */
  #faultAt(offset: number): 'NOT_FINITE' | 'OUT_OF_DISTRIBUTION' | undefined {
    const { gate } = this;
    const { width, missing } = this.shape;
    if (missing) return undefined;
    const before = gate ? width - gate.columns : width;
    if (before > 0 && !finite(this.#view, offset, before)) return 'NOT_FINITE';
    if (!gate || gate.admits(this.#view, offset + before)) return undefined;
    return finite(this.#view, offset + before, gate.columns) ? 'OUT_OF_DISTRIBUTION' : 'NOT_FINITE';
  }

  #spread(output: Float32Array, from: number, rows: number): void {
    const { columns, distribution } = this.shape;
    for (let i = 0; i < rows; i += 1) {
      if (this.#heldBack[from + i] === 1) continue;
      const row = this.#rowOf[from + i]!;
      const sound = distribution ? adding(output, i * columns, columns) : finite(output, i * columns, columns);
      if (!sound) {
        this.abstain(row, 'BAD_ANSWER');
        continue;
      }
      for (let column = 0; column < columns; column += 1)
        this.probabilities[row * columns + column] = output[i * columns + column]!;
      this.answered[row] = 1;
    }
  }
}
