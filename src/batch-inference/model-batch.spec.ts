import { describe, expect, it } from 'vitest';
import type { Pair } from '../domain/pair.js';
import { BufferPool } from './buffers.js';
import { Gate } from './drift/gate.js';
import { ModelBatch } from './model-batch.js';

const symbols: Pair[] = ['A/USDT', 'B/USDT', 'C/USDT', 'D/USDT'];
const buffers = new BufferPool();
const row =
  (...values: number[]) =>
  (into: Float32Array, offset: number): boolean => (into.set(values, offset), true);
const shape = (width: number) => ({ width, columns: 3, distribution: true, missing: false });
const cold = (): boolean => false;

/** Answers every part as a worker would: long = the row's first value, flat the rest. */
function answer(batch: ModelBatch, width: number): void {
  for (const part of batch.parts) {
    const { input, output, rows } = part;
    const answers = new Float32Array(output);
    for (let i = 0; i < rows; i += 1) {
      const long = new Float32Array(input)[i * width]!;
      answers.set([0, 1 - long, long], i * 3);
    }
    part.outcome = { answered: true, input, output, inferring: 1, inferred: 2 };
  }
}

describe('a model batch', () => {
  it('puts every answer beside its symbol, over parts and past rows that abstain', () => {
    const batch = new ModelBatch(symbols, shape(2), [2, 2], buffers);
    batch.pack(0, row(0.25, 1));
    batch.pack(1, cold);
    batch.pack(2, row(0.5, 1));
    batch.pack(3, row(0.75, 1));
    expect(batch.parts.map(({ rows }) => rows)).toEqual([2, 1]);
    answer(batch, 2);
    batch.collect();
    expect([...batch.answered]).toEqual([1, 0, 1, 1]);
    expect([0, 2, 3].map((i) => batch.probabilities[i * 3 + 2])).toEqual([0.25, 0.5, 0.75]);
    expect([...batch.abstentions]).toEqual([['B/USDT', 'WARMING_UP']]);
  });

  it.each([
    ['NaN', NaN],
    ['infinity', Infinity],
    ['minus infinity', -Infinity],
  ])('a feature that is %s abstains its row only', (_, value) => {
    const batch = new ModelBatch(symbols, shape(2), [4], buffers);
    batch.pack(0, row(0.25, value));
    batch.pack(1, row(0.25, 1));
    expect([...batch.abstentions]).toEqual([['A/USDT', 'NOT_FINITE']]);
    expect(batch.parts[0]!.rows).toBe(1);
  });

  it.each([
    ['NaN', [NaN, NaN, NaN]],
    ['negative', [-0.5, 0.5, 1]],
    ['not summing to one', [0.5, 0.5, 0.5]],
  ])('an answer that is %s abstains', (_, probabilities) => {
    const batch = new ModelBatch(symbols, shape(1), [1], buffers);
    batch.pack(3, row(1));
    const part = batch.parts[0]!;
    new Float32Array(part.output).set(probabilities);
    part.outcome = { answered: true, input: part.input, output: part.output, inferring: 1, inferred: 2 };
    batch.collect();
    expect([...batch.abstentions]).toEqual([['D/USDT', 'BAD_ANSWER']]);
    expect(batch.probabilities.slice(9)).toEqual(new Float32Array([NaN, NaN, NaN]));
  });

  it('an answer that is no distribution may be any finite numbers, as many as the model has', () => {
    const batch = new ModelBatch(symbols, { ...shape(1), columns: 2, distribution: false }, [2], buffers);
    batch.pack(0, row(1));
    batch.pack(2, row(1));
    const part = batch.parts[0]!;
    new Float32Array(part.output).set([-3, 40, 7, Infinity]);
    part.outcome = { answered: true, input: part.input, output: part.output, inferring: 1, inferred: 2 };
    batch.collect();
    expect([...batch.probabilities]).toEqual([-3, 40, NaN, NaN, NaN, NaN, NaN, NaN]);
    expect([...batch.abstentions]).toEqual([['C/USDT', 'BAD_ANSWER']]);
  });

  it('a model that takes missing values is given them', () => {
    const batch = new ModelBatch(symbols, { ...shape(2), missing: true }, [1], buffers);
    batch.pack(0, row(0.25, NaN));
    expect(batch.parts[0]!.rows).toBe(1);
    expect(batch.abstentions.size).toBe(0);
  });

  it('a part that was abandoned abstains with its code, the other answers', () => {
    const batch = new ModelBatch(symbols, shape(1), [2, 2], buffers);
    symbols.forEach((_, i) => batch.pack(i, row(0.5)));
    answer(batch, 1);
    batch.parts[0]!.outcome = { answered: false, code: 'DEADLINE', reason: '' };
    batch.collect();
    expect([...batch.abstentions]).toEqual([
      ['A/USDT', 'DEADLINE'],
      ['B/USDT', 'DEADLINE'],
    ]);
    expect([...batch.answered]).toEqual([0, 0, 1, 1]);
  });

  it('names the features that moved a row most, by importance times distance, of the newest candle', () => {
    const features = [
      { name: 'near', mean: 0, std: 1, importance: 0.9 },
      { name: 'far', mean: 1, std: 0.5, importance: 0.5 },
      { name: 'constant', mean: 0, std: 0, importance: 1 },
    ];
    const batch = new ModelBatch(symbols, shape(6), [1], buffers);
    batch.pack(2, row(0.5, 9, 9, 0.5, -1, 9));
    answer(batch, 6);
    batch.collect();
    expect(batch.topFeatures(2, features, 2)).toEqual([
      { name: 'far', value: -1, zScore: -4 },
      { name: 'near', value: 0.5, zScore: 0.5 },
    ]);
    expect(batch.topFeatures(0, features, 2)).toEqual([]);
    batch.release();
    expect(() => batch.topFeatures(2, features, 2)).toThrow('complete');
  });

  describe('with a gate', () => {
    const gate = new Gate([{ name: 'any', mean: 0.5, std: 0.25, importance: 1 }], 4);
    const packed = (gated: boolean, rows: readonly number[][]) => {
      const batch = new ModelBatch(symbols, shape(2), [2, 2], new BufferPool(), gated ? gate : undefined);
      rows.forEach((values, i) => batch.pack(i, row(...values)));
      return batch;
    };
    const ROWS = [
      [0.25, 0.5], // at the mean
      [0.5, 1], // at the limit
      [0.75, 1.125], // above it
      [0.875, 0],
    ];

    it('holds back the rows above the limit, by the newest candle; every other answer is the same to the bit', () => {
      const [free, gated] = [false, true].map((on) => packed(on, ROWS));
      for (const batch of [free!, gated!]) {
        answer(batch, 2);
        batch.collect();
      }
      expect([...gated!.abstentions]).toEqual([['C/USDT', 'OUT_OF_DISTRIBUTION']]);
      expect([...gated!.answered]).toEqual([1, 1, 0, 1]);
      expect(gated!.probabilities.slice(6, 9)).toEqual(new Float32Array(3).fill(NaN));
      for (const i of [0, 1, 3])
        expect(gated!.probabilities.slice(3 * i, 3 * i + 3)).toEqual(free!.probabilities.slice(3 * i, 3 * i + 3));
      expect(gated!.topFeatures(2, [{ name: 'any', mean: 0, std: 1, importance: 1 }], 1)).toEqual([]);
    });

    it('sends the model what it would be sent without', () => {
      const [free, gated] = [false, true].map((on) => packed(on, ROWS).parts.map(({ rows, input }) => [rows, input]));
      expect(gated).toEqual(free);
    });

    it.each([
      ['in the newest candle', [0.5, NaN]],
      ['in an earlier one', [-Infinity, 0.5]],
      ['in a row that is far out besides', [NaN, 9e9]],
    ])('says NOT_FINITE of what is no number %s', (_, values) => {
      const batch = packed(true, [values]);
      expect([...batch.abstentions]).toEqual([['A/USDT', 'NOT_FINITE']]);
      expect(batch.parts[0]!.rows).toBe(0);
    });

    it('a row that it held back keeps its reason when the part is abandoned', () => {
      const batch = packed(true, ROWS);
      answer(batch, 2);
      batch.parts[1]!.outcome = { answered: false, code: 'DEADLINE', reason: '' };
      batch.collect();
      expect([...batch.abstentions]).toEqual([
        ['C/USDT', 'OUT_OF_DISTRIBUTION'],
        ['D/USDT', 'DEADLINE'],
      ]);
    });
  });

  it('shows what the model answered, part by part, until its buffers are given back', () => {
    const batch = new ModelBatch(symbols, shape(2), [2, 2], new BufferPool());
    symbols.forEach((_, i) => batch.pack(i, row(i, i + 0.5)));
    answer(batch, 2);
    batch.parts[0]!.outcome = { answered: false, code: 'ENGINE_FAILED', reason: '' };
    batch.collect();
    const [part, ...others] = batch.answeredRows(1);
    expect(others).toEqual([]);
    expect(part).toMatchObject({ rows: 2, featureStride: 2, outputStride: 3 });
    expect([part!.features[0], part!.features[2]]).toEqual([2.5, 3.5]);
    expect([...part!.outputs.slice(0, 6)]).toEqual([0, -1, 2, 0, -2, 3]);
    batch.release();
    expect(() => [...batch.answeredRows(1)]).toThrow('complete');
  });

  it('allocates nothing once its buffers have come back', () => {
    const own = new BufferPool();
    for (let run = 0; run < 5; run += 1) {
      const batch = new ModelBatch(symbols, shape(4), [4], own);
      batch.pack(0, row(0.5, 0, 0, 0));
      answer(batch, 4);
      batch.release();
    }
    expect(own.allocated).toBe(2);
  });
});
