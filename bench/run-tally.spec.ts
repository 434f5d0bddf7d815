import { describe, expect, it } from 'vitest';
import type { ModelRun, PredictionBatch } from '../src/domain/prediction.js';
import { RunTally } from './run-tally.js';

const symbols: PredictionBatch['symbols'] = ['A/USDT', 'B/USDT'];

function run(name: string, version: string, ...answered: readonly number[]): ModelRun {
  return { model: { name, version }, answered: Uint8Array.from(answered) } as unknown as ModelRun;
}

describe('a tally of runs', () => {
  it.each<[string, readonly ModelRun[], { lost: number; mixed: number }]>([
    ['every model answers every symbol', [run('gbt', '1', 1, 1), run('tcn', '1', 1, 1)], { lost: 0, mixed: 0 }],
    ['a symbol without an answer is lost', [run('gbt', '1', 1, 0), run('tcn', '1', 1, 1)], { lost: 1, mixed: 0 }],
    ['two versions in one run are mixed', [run('gbt', '1', 1, 1), run('tcn', '2', 1, 1)], { lost: 0, mixed: 1 }],
    ['a model that is absent loses its rows', [run('gbt', '1', 1, 1)], { lost: 2, mixed: 1 }],
    ['a model that runs twice is mixed', [1, 2, 3].map(() => run('gbt', '1', 1, 1)), { lost: -2, mixed: 1 }],
  ])('%s', (_, runs, told) => {
    const tally = new RunTally(['gbt', 'tcn']);
    tally.take({ runs, symbols });
    expect({ lost: tally.lost, mixed: tally.mixed }).toEqual(told);
    expect([tally.runs, tally.expected]).toEqual([1, 4]);
  });
});
