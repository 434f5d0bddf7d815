import { describe, expect, it } from 'vitest';
import { modelList, modelsQuery } from './model.dto.js';
import { summaryOf, type ModelVersion } from './model-status.js';

const version = (name: string, state: ModelVersion['state']): ModelVersion => ({
  ...{ name, version: '1.0.0', state, manifest: undefined, ensemble: undefined },
  ...{ certificate: undefined, verdict: undefined },
  ...{ role: state === 'active' ? 'active' : state === 'ready' ? 'standby' : null, share: 0 },
  refusal: state === 'failed' ? { code: 'SHA256_MISMATCH', message: 'not the file' } : undefined,
});
const registry = { enabled: true, loaded: true, directory: '/models', trouble: undefined };

describe('the registry', () => {
  it.each<[string, Parameters<typeof summaryOf>[0], boolean, RegExp | undefined]>([
    ['ready without a word when all serve', { ...registry, versions: [version('a', 'active')] }, true, undefined],
    [
      'ready, naming the refused one',
      { ...registry, versions: [version('a', 'active'), version('b', 'failed')] },
      true,
      /b@1\.0\.0 SHA256_MISMATCH/,
    ],
    [
      'not ready when every model was refused',
      { ...registry, versions: [version('b', 'failed')] },
      false,
      /every model was refused: b@1\.0\.0/,
    ],
    ['not ready when nobody activated one', { ...registry, versions: [version('a', 'ready')] }, false, /activate/],
    ['not ready without a model', { ...registry, versions: [] }, false, /no model lies in/],
    ['not ready before it has loaded', { ...registry, loaded: false, versions: [] }, false, /not loaded yet/],
    [
      'not ready when switched off',
      { ...registry, enabled: false, versions: [version('a', 'disabled')] },
      false,
      /ONNX_ENABLED/,
    ],
    [
      'not ready when the folder cannot be read',
      { ...registry, trouble: 'MODELS_DIR /x cannot be read', versions: [] },
      false,
      /MODELS_DIR/,
    ],
  ])('is %s', (_, state, ready, reason) => {
    const status = summaryOf(state);
    expect(status.ready).toBe(ready);
    if (reason) expect(status.reason).toMatch(reason);
    else expect(status.reason).toBeUndefined();
  });
});

it('names what runs without a certificate', () => {
  const { uncertified } = summaryOf({ ...registry, versions: [version('a', 'active'), version('b', 'ready')] });
  expect(uncertified).toEqual(['a@1.0.0']);
});

describe('the list of models', () => {
  const versions = ['a', 'b', 'c'].map((name) => version(name, name === 'b' ? 'failed' : 'active'));
  const list = (query: Record<string, string>) => modelList(versions, modelsQuery.parse(query));

  it('pages without losing or repeating one', () => {
    const first = list({ limit: '2' });
    const second = list({ limit: '2', cursor: first.next! });
    expect([...first.data, ...second.data].map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(second.next).toBeNull();
  });

  it('filters by state and says why one was refused', () => {
    const { data } = list({ state: 'failed' });
    expect(data.map(({ name, reason }) => [name, reason])).toEqual([
      ['b', { code: 'SHA256_MISMATCH', message: 'not the file' }],
    ]);
  });

  it('refuses a cursor that no page gave', () => {
    expect(() => list({ cursor: 'z@9.9.9' })).toThrow('The query has 1 fault(s).');
  });
});
