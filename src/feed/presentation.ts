import { fillJson, orderJson, positionJson } from '../domain/order-json.js';
import type { ModelRun, PredictionBatch } from '../domain/prediction.js';
import { stageDurations } from '../domain/stage.js';
import type { OrderUpdate } from '../trading/order-update.js';

/** `run_completed`: one interval of one timeframe, and what each model made of it. Durations in ms. */
export function runCompletedJson({ timeframe, openTime, symbols, runs }: PredictionBatch) {
  return {
    timeframe,
    open_time: new Date(openTime).toISOString(),
    rows: symbols.length,
    runs: runs.map((run) => ({
      id: run.id,
      model: run.model.name,
      version: run.model.version,
      engine: run.engine,
      rows: run.answered.reduce((sum, answered) => sum + answered, 0),
      abstentions: abstentionsOf(run),
      stages_ms: stageDurations(run.moments),
    })),
  };
}

/** `order_update`: the order as it stands, the fills of this move, the position; in the shapes that REST gives them. */
export function orderUpdateJson({ order, fills, position }: OrderUpdate) {
  return { order: orderJson(order), fills: fills.map(fillJson), position: position && positionJson(position) };
}

function abstentionsOf({ abstentions }: ModelRun): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of abstentions.values()) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
