import { z } from 'zod';
import { runDto } from '../batch-inference/run.dto.js';
import { fillJson, orderJson, positionJson } from '../domain/order-json.js';
import { signalJson } from '../domain/signal-json.js';
import type { Signal } from '../domain/signal.js';
import { fillOf, orderOf, positionOf } from '../trading/order.row.js';
import type { Lineage, RunWithAnswer } from './lineage.repository.js';

export const signalPath = z.strictObject({ id: z.string().min(1).max(200) });

/** A signal, its `because`, the candle and runs before it, the refusal or the orders, fills and position after it. */
export function lineageDto(signal: Signal, { candle, runs, refusal, orders, fills, position }: Lineage) {
  return {
    ...signalJson(signal),
    candle: candle
      ? {
          symbol: signal.symbol,
          timeframe: signal.timeframe,
          open_time: new Date(signal.openTime).toISOString(),
          close_time: new Date(signal.decidedAt).toISOString(),
          ...candle,
        }
      : null,
    runs: runs.map(runOfSignal),
    outcome: orders.length > 0 ? 'ordered' : refusal ? 'refused' : 'none',
    refusal: refusal
      ? { code: refusal.code, detail: refusal.detail, refused_at: refusal.refused_at.toISOString() }
      : null,
    orders: orders.map((row) => orderJson(orderOf(row))),
    fills: fills.map((row) => fillJson(fillOf(row))),
    position: position ? positionJson(positionOf(position)) : null,
  };
}

function runOfSignal(run: RunWithAnswer) {
  const [short, flat, long] = run.probabilities ?? [];
  return {
    ...runDto(run),
    probabilities: run.probabilities ? { short, flat, long } : null,
    abstained: run.abstained,
  };
}
