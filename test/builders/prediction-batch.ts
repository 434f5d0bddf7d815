import type { ModelRun, PredictionBatch } from '../../src/domain/prediction.js';
import { CLASSES } from '../../src/domain/model.js';
import type { Role } from '../../src/domain/role.js';
import { runId } from '../../src/domain/prediction.js';
import type { Pair } from '../../src/domain/pair.js';
import type { Timeframe } from '../../src/domain/timeframe.js';

/** One model's answers in a sentence: [short, flat, long] a row, or undefined where it abstained. */
export interface Answers {
  readonly model: string;
  readonly weight?: number;
  readonly role?: Role;
  /** [rows] 1 where it has a vote; every row of one that is active, none of others. */
  readonly voting?: readonly number[];
  readonly rows: readonly (readonly [number, number, number] | undefined)[];
}

export const LONG = [0.1, 0.2, 0.7] as const;
export const SHORT = [0.7, 0.2, 0.1] as const;
export const FLAT = [0.2, 0.6, 0.2] as const;

/** Midnight, UTC: a boundary of every timeframe. */
export const MIDNIGHT = Date.UTC(2026, 0, 5);

/** A batch as BatchInference hands it on: closes at 100, ATR 2, unless told otherwise. */
export function batchOf(
  answers: readonly Answers[],
  { timeframe = '1m', openTime = MIDNIGHT, symbols, close, atr }: BatchDetails = {},
): PredictionBatch {
  const rows = answers[0]?.rows.length ?? symbols?.length ?? 0;
  return {
    timeframe,
    openTime,
    symbols: symbols ?? Array.from({ length: rows }, (_, row): Pair => `S${row}/USDT`),
    close: Float64Array.from(close ?? Array<number>(rows).fill(100)),
    atr: Float64Array.from(atr ?? Array<number>(rows).fill(2)),
    runs: answers.map((answer) => runOf(answer, timeframe, openTime)),
  };
}

export interface BatchDetails {
  readonly timeframe?: Timeframe;
  readonly openTime?: number;
  readonly symbols?: readonly Pair[];
  readonly close?: readonly number[];
  readonly atr?: readonly number[];
}

function runOf(
  { model, weight = 1, role = 'active', voting, rows }: Answers,
  timeframe: Timeframe,
  openTime: number,
): ModelRun {
  const ref = { name: model, version: '1.0.0' };
  return {
    id: runId(ref, timeframe, openTime),
    model: ref,
    weight,
    role,
    voting: Uint8Array.from(voting ?? rows.map(() => (role === 'active' ? 1 : 0))),
    ...{ columns: CLASSES.length, classes: CLASSES },
    probabilities: Float32Array.from(rows.flatMap((row) => row ?? [0, 0, 0])),
    answered: Uint8Array.from(rows, (row) => (row ? 1 : 0)),
    abstentions: new Map(),
    moments: {},
    engine: 'none',
    topFeatures: (row, count) => [{ name: 'rsi_14', value: row, zScore: 1.5 }].slice(0, count),
  };
}
