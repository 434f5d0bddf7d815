import type { PredictionBatch } from '../domain/prediction.js';
import type { Signal } from '../domain/signal.js';
import { stageDurations, STAGES } from '../domain/stage.js';

const digits = (value: number): string => String(Number(value.toPrecision(6)));

/** @returns a signal on one line, as the terminal shows it: what, at which levels, how sure */
export function signalLine({ symbol, timeframe, direction, confidence, entry, stopLoss, takeProfits }: Signal): string {
  const levels = `entry ${digits(entry)}, stop_loss ${digits(stopLoss)}, take_profit ${digits(takeProfits[0]!)}`;
  return `${direction.toUpperCase()} ${symbol} ${timeframe}: ${levels}, confidence ${(confidence * 100).toFixed(1)} %`;
}

/** @returns how long each stage of the batch took, the slowest model's where they differ: `feed 6.8, wait 1.0, … ms` */
export function latencyLine({ runs }: Pick<PredictionBatch, 'runs'>): string {
  const durations = runs.map(({ moments }) => stageDurations(moments));
  const parts = ([...STAGES, 'total'] as const).flatMap((stage) => {
    const known = durations.flatMap((duration) => duration[stage] ?? []);
    return known.length > 0 ? [`${stage} ${Math.max(...known).toFixed(1)}`] : [];
  });
  return `${parts.join(', ')} ms`;
}
