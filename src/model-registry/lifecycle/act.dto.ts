import { z } from 'zod';
import { RequestRefused } from '../../platform/http/refusal.js';
import { modelName, modelVersion } from '../manifest.js';
import type { LifecycleRefused } from './lifecycle-refused.js';
import { reasonText } from './model-event.js';

export const modelPath = z.strictObject({ name: modelName });

const said = {
  reason: reasonText.optional(),
  /** The version that is believed to serve, null for none. */
  from: modelVersion.nullable().optional(),
};
export const activateBody = z.strictObject({ version: modelVersion, ...said });
export const rollbackBody = z.strictObject(said);
export const shadowBody = z.strictObject({ version: modelVersion, on: z.boolean(), ...said });
export const canaryBody = z.strictObject({
  version: modelVersion,
  share: z.number('a share of the symbols from 0 to 1; 0 withdraws it').min(0).max(1),
  ...said,
});
export const pinBody = z.strictObject({ pinned: z.boolean(), ...said });

/** Unknown is 404; what is known and cannot be done now is 409. */
export function requestRefused({ code, message }: LifecycleRefused): RequestRefused {
  const status = code === 'MODEL_UNKNOWN' || code === 'VERSION_UNKNOWN' ? 404 : 409;
  return new RequestRefused(status, code, message);
}
