import { CLASSES, type ActiveModel } from '../../src/domain/model.js';

/** What an ordinary classifier that serves alone has in common with all others. */
export const CLASSIFIER = {
  ...{ columns: CLASSES.length, classes: CLASSES, dtype: { input: 'float32', output: 'float32' } },
  ...{ weight: 1, role: 'active', share: 0 },
} as const satisfies Partial<ActiveModel>;
