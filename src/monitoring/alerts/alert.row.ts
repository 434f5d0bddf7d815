import type { AlertCode } from '../../domain/alert.js';
import type { Timeframe } from '../../domain/timeframe.js';

/** A row of `alerts`. */
export interface AlertRow {
  readonly id: string;
  readonly code: AlertCode;
  readonly model: string | null;
  readonly version: string | null;
  readonly timeframe: Timeframe | null;
  readonly value: number;
  readonly limit_value: number;
  readonly message: string;
  readonly raised_at: Date;
  readonly cleared_at: Date | null;
  readonly cleared_value: number | null;
  readonly note: string | null;
}
