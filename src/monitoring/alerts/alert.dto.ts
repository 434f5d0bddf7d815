import { z } from 'zod';
import { ALERT_CODES } from '../../domain/alert.js';
import { span, subject } from '../list-query.js';
import type { AlertRow } from './alert.row.js';

export const ALERT_STATES = ['open', 'cleared', 'all'] as const;

export const alertQuery = z.strictObject({
  state: z.enum(ALERT_STATES).default('all'),
  code: z.enum(ALERT_CODES).optional(),
  ...subject,
  ...span,
});
export type AlertQuery = z.output<typeof alertQuery>;

/** An alert from being raised to being cleared. Times are wall time; null: not cleared yet. */
export function alertDto(row: AlertRow) {
  const { id, code, model, version, timeframe, value, limit_value, message, raised_at } = row;
  const { cleared_at, cleared_value, note } = row;
  return {
    ...{ id, code, state: cleared_at ? 'cleared' : 'open', model, version, timeframe },
    ...{ value, limit: limit_value, message, raised_at: raised_at.toISOString() },
    ...{ cleared_at: cleared_at?.toISOString() ?? null, cleared_value, note },
  };
}
