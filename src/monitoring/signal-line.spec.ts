import { describe, expect, it } from 'vitest';
import type { ModelRun } from '../domain/prediction.js';
import type { Signal } from '../domain/signal.js';
import { latencyLine, signalLine } from './signal-line.js';

describe('what the terminal shows', () => {
  it('a signal on one line', () => {
    const signal = {
      symbol: 'ETC/USDT',
      timeframe: '1m',
      direction: 'short',
      confidence: 0.4966,
      entry: 29.16,
      stopLoss: 29.26518108465795,
      takeProfits: [29.0197585537894],
    } as unknown as Signal;
    expect(signalLine(signal)).toBe(
      'SHORT ETC/USDT 1m: entry 29.16, stop_loss 29.2652, take_profit 29.0198, confidence 49.7 %',
    );
  });

  it('each stage that was stamped, the slowest model of it; nothing is derived for the others', () => {
    const run = (inferred: number) =>
      ({ moments: { exchangeClosed: 0, received: 5, started: 6, inferring: 8, inferred } }) as unknown as ModelRun;
    expect(latencyLine({ runs: [run(9), run(11.25)] })).toBe('feed 5.0, wait 1.0, inference 3.3 ms');
  });
});
