import { z } from 'zod';
import { modelName, modelVersion } from '../manifest.js';

/** What was done to a model: by a person, or by the service itself, which then says why. */
export const MODEL_ACTIONS = [
  'import',
  'certify',
  'notice', // the service found a version that was put in its place while it ran
  'activate',
  'rollback',
  'shadow',
  'unshadow',
  'canary',
  'uncanary',
  'pin',
  'unpin',
  'remove',
] as const;
export type ModelAction = (typeof MODEL_ACTIONS)[number];

/** Who acts where no person does. */
export const SERVICE = 'service';

export const reasonText = z.string().min(1).max(500);
/** Of the symbols. */
export const canaryShare = z.number().gt(0).max(1);

/** One line of the lifecycle log. */
export const modelEvent = z.strictObject({
  at: z.iso.datetime(),
  who: z.string().min(1),
  action: z.enum(MODEL_ACTIONS),
  name: modelName,
  version: modelVersion,
  /** The version that served when it was done; null: none. */
  from: modelVersion.nullable(),
  /** Of a canary. */
  share: canaryShare.optional(),
  reason: reasonText.optional(),
});
export type ModelEvent = z.output<typeof modelEvent>;
