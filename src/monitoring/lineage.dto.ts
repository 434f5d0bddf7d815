import { z } from 'zod';
import { runDto } from '../batch-inference/runs/run.dto.js';
import { fillJson, orderJson, positionJson } from '../domain/order-json.js';
import { signalJson } from '../domain/signal-json.js';
import type { Signal } from '../domain/signal.js';
import { fillOf, orderOf, positionOf } from '../trading/order.row.js';
import type { Lineage, RunWithAnswer } from './lineage.repository.js';

export const signalPath = z.strictObject({ id: z.string().min(1).max(200) });

/** A signal, its `because`, the candle and runs before it, the refusal or the orders, fills and position after it. */
export function lineageDto(signal: Signal, lineage: Lineage) {
  const { candle, runs, memberRuns, refusal, orders, fills, position } = lineage;
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
    runs: runs.map((run) => runOfSignal(run, memberRuns)),
    outcome: orders.length > 0 ? 'ordered' : refusal ? 'refused' : 'none',
    refusal: refusal
      ? { code: refusal.code, detail: refusal.detail, refused_at: refusal.refused_at.toISOString() }
      : null,
    orders: orders.map((row) => orderJson(orderOf(row))),
    fills: fills.map((row) => fillJson(fillOf(row))),
    position: position ? positionJson(positionOf(position)) : null,
  };
}

/** An ensemble's run names its members' runs: each with its part, and what it said of the symbol. */
function runOfSignal(run: RunWithAnswer, memberRuns: readonly RunWithAnswer[]) {
  const members = run.made_of?.members.map(({ run_id, ...part }) => {
    const found = memberRuns.find(({ id }) => id === run_id);
    return { run_id, ...part, ...(found && { model: found.model, version: found.version, ...saidOf(found) }) };
  });
  return { ...runDto(run), ...saidOf(run), ...(members && { members }) };
}

function saidOf({ classes, probabilities, abstained }: RunWithAnswer) {
  const named = classes && probabilities && Object.fromEntries(classes.map((name, i) => [name, probabilities[i]]));
  return { probabilities: named ?? probabilities, abstained };
}
