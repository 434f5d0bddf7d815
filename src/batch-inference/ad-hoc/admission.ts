import type { CostLine } from '../pool/cost-line.js';

/** How long an ad hoc batch may occupy a worker, ms: an interval that closes meanwhile waits no longer than that. */
export const SLICE_MS = 10;
/** Most rows a batch: over that a call of ONNX Runtime gains nothing (see the engine), and smaller ones are shared out. */
const SLICE_ROWS = 1_000;
/** A message to a worker and its answer, beside the inference, ms; measured 0.15. */
const MESSAGE_MS = 0.2;
/** Where no worker can take anything now (all are starting anew), ms. */
const NOBODY_MS = 1_000;

/** What lies before a request that comes now. */
export interface Ahead {
  /** Workers that can run its model. */
  readonly workers: number;
  /** ms of one worker: the rest of what runs, the interval's jobs, and the rows in line. */
  readonly ms: number;
  /** Rows in line, and how many may be. */
  readonly rows: number;
  readonly mostRows: number;
}

export interface Turned {
  readonly code: 'QUEUE_FULL' | 'DEADLINE_UNREACHABLE';
  readonly message: string;
  /** Absent where waiting would not help. */
  readonly retryAfterMs?: number;
}

/** @returns most rows of a batch that keeps within a slice */
export function sliceRows(cost: CostLine): number {
  return cost.rowsWithin(SLICE_MS, SLICE_ROWS);
}

/** @returns what so many rows cost in slices, ms of one worker */
export function costOf(rows: number, cost: CostLine): number {
  return rows * cost.perRow + Math.ceil(rows / sliceRows(cost)) * cost.base;
}

/**
 * Whether a request may join the line. The workers share what lies before it, and its own slices but the last, which one
 * of them runs alone: no order of the slices ends later (Graham 1966, list scheduling).
 * @param timeoutMs from now until its answer is of no more use
 * @returns why not, undefined when it may
 */
export function turnedAway(rows: number, timeoutMs: number, cost: CostLine, ahead: Ahead): Turned | undefined {
  const excess = ahead.rows + rows - ahead.mostRows;
  const shared = Math.max(1, ahead.workers);
  if (excess > 0) {
    const message = `${ahead.rows} rows wait, ${rows} more are over the limit of ${ahead.mostRows}`;
    const help = ahead.rows > 0 && rows <= ahead.mostRows;
    return { code: 'QUEUE_FULL', message, ...(help && after((ahead.ms * excess) / ahead.rows / shared)) };
  }
  const code = 'DEADLINE_UNREACHABLE';
  if (ahead.workers === 0) return { code, message: 'no worker can take it now', ...after(NOBODY_MS) };
  const last = cost.of(Math.min(rows, sliceRows(cost)));
  const alone = (costOf(rows, cost) - last) / shared + last + MESSAGE_MS;
  const late = alone + ahead.ms / shared - timeoutMs;
  if (late <= 0) return undefined;
  const message = `${rows} rows would take ${round(alone)} ms after ${round(ahead.ms / shared)} ms in line: over ${round(timeoutMs)} ms`;
  return { code, message, ...(alone <= timeoutMs && after(late)) };
}

function after(ms: number): { readonly retryAfterMs: number } {
  return { retryAfterMs: Math.max(1, Math.ceil(ms)) };
}

function round(ms: number): number {
  return Number(ms.toFixed(1));
}
