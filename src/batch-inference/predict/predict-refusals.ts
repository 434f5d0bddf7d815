import type { AdHocCode } from '../../domain/ad-hoc.js';
import { RequestRefused } from '../../platform/http/refusal.js';
import type { AdHocAnswer } from '../ad-hoc/ad-hoc-request.js';

export type Answered = Extract<AdHocAnswer, { answered: true }>;

const STATUS: Readonly<Record<AdHocCode, 404 | 503>> = {
  MODEL_UNKNOWN: 404,
  MODEL_NOT_READY: 503,
  QUEUE_FULL: 503,
  DEADLINE_UNREACHABLE: 503,
  DEADLINE: 503,
  ENGINE_FAILED: 503,
  ABANDONED: 503,
};

/** @throws RequestRefused that says over HTTP why there is no answer */
export function answeredOf(answer: AdHocAnswer): Answered {
  if (answer.answered) return answer;
  const { code, message, retryAfterMs } = answer;
  throw new RequestRefused(STATUS[code], code, message, [], retryAfterMs);
}
