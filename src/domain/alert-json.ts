import { raisedAt, type Alert } from './alert.js';

/** An alert as the websocket and the webhook tell it. Times are ISO 8601, wall time. */
export interface AlertJson {
  readonly id: string;
  readonly code: string;
  readonly state: 'raised' | 'cleared';
  /** null: it concerns no single model. */
  readonly model: string | null;
  readonly version: string | null;
  readonly timeframe: string | null;
  readonly value: number;
  readonly limit: number;
  readonly message: string;
  readonly raised_at: string;
  readonly at: string;
}

export function alertJson(alert: Alert): AlertJson {
  const { id, code, state, model, timeframe, value, limit, message, at } = alert;
  return {
    ...{ id, code, state, model: model?.name ?? null, version: model?.version ?? null, timeframe },
    ...{ value, limit, message },
    raised_at: new Date(raisedAt(alert)).toISOString(),
    at: new Date(at).toISOString(),
  };
}
