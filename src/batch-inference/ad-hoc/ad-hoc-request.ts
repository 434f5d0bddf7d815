import type { AdHocCode } from '../../domain/ad-hoc.js';
import type { ModelRef } from '../../domain/model.js';
import type { Floats } from '../../engines/inference.engine.js';

/** Rows that somebody wants scored outside the trading loop. */
export interface AdHocRequest {
  readonly name: string;
  /** Absent: the version that serves. */
  readonly version?: string | undefined;
  /** ≥ 1 */
  readonly rows: number;
  /** [rows × window × features], of the model's own input type. */
  readonly input: Floats;
  /** From now until an answer is of no more use, ms. */
  readonly timeoutMs: number;
  /** Aborted when whoever asked has gone: rows that still wait are then dropped. */
  readonly signal?: AbortSignal | undefined;
}

/** One answer, or why there is none. */
export type AdHocAnswer =
  | {
      readonly answered: true;
      readonly model: ModelRef;
      readonly engine: string;
      /** [rows × columns], of the model's own output type. */
      readonly output: Floats;
      /** ms: in line, in a worker, from arrival to answer. */
      readonly queueMs: number;
      readonly inferenceMs: number;
      readonly totalMs: number;
    }
  | {
      readonly answered: false;
      readonly code: AdHocCode;
      readonly message: string;
      /** When to try again; only where that may help. */
      readonly retryAfterMs?: number;
    };
