import { describe, expect, it } from 'vitest';
import { schema } from '../../platform/config/schema.js';
import { rulesOf } from './rules.js';

describe('the limit of the inference stage', () => {
  it.each<[string, Record<string, string>, number]>([
    ['is half of the timeout, which no answer outlives', {}, 50],
    ['follows the timeout', { INFERENCE_TIMEOUT: '2' }, 1000],
    ['is the one given, where one is', { INFERENCE_TIMEOUT: '2', ALERT_INFERENCE_MS: '80' }, 80],
  ])('%s', (_, given, limit) => {
    expect(rulesOf(schema.parse(given)).INFERENCE_LATENCY.limit).toBe(limit);
  });
});
