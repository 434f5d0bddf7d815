import type { Alert, AlertCode } from '../../domain/alert.js';
import type { Act } from './acts.js';
import { probationOf } from './probation.js';
import type { Standing } from './standing.js';

/** What tells of a version that does badly; the others tell of the machine, the exchange or the whole system. */
const HEEDED: readonly AlertCode[] = ['INFERENCE_LATENCY', 'BAD_ANSWERS', 'MISSED_DEADLINES', 'DRIFT', 'FLIP_RATE'];

/** What stands of the name that the alert is about. */
export interface Situation {
  readonly standing: Standing;
  /** The version that serves. */
  readonly serving: string | null;
  /** Epoch ms. */
  readonly now: number;
  readonly windowMs: number;
}

/**
 * What the service does about an alert without being asked: it withdraws a canary, or returns from a version on probation to
 * the one before. Once an activation: what was rolled back is on probation no more.
 */
export function answerTo(
  { state, code, model }: Pick<Alert, 'state' | 'code' | 'model'>,
  { standing, serving, now, windowMs }: Situation,
): Act | undefined {
  if (state !== 'raised' || !model || !HEEDED.includes(code) || standing.pinned) return undefined;
  const { canary } = standing;
  if (canary?.version === model.version) return { action: 'uncanary', version: canary.version };
  const probation = probationOf(standing, serving, now, windowMs);
  if (!probation) return undefined;
  const decidesOtherwise = code === 'FLIP_RATE' && model.version === probation.guard;
  return model.version === serving || decidesOtherwise ? { action: 'rollback' } : undefined;
}

/** What the log keeps of it. */
export function reasonOf({ code, value, limit, timeframe }: Alert): string {
  return `${code}: ${Number(value.toPrecision(6))}, limit ${limit}${timeframe ? `, on ${timeframe}` : ''}`;
}
