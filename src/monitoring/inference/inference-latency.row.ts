import type { Stage } from '../../domain/stage.js';
import type { Timeframe } from '../../domain/timeframe.js';
import type { StageFigures } from './model-record.js';

/** A row of `inference_latency`. */
export interface InferenceLatencyRow {
  /** bigint */
  readonly id: string;
  readonly at: Date;
  readonly model: string;
  readonly version: string;
  readonly engine: string;
  /** null: ad hoc requests */
  readonly timeframe: Timeframe | null;
  readonly runs: number;
  /** bigint */
  readonly rows: string;
  readonly answered: string;
  /** ms */
  readonly stages: Readonly<Partial<Record<Stage, StageFigures>>>;
}
