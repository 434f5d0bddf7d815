import { describe, expect, it } from 'vitest';
import { answers, golden, GOLDEN_NAMES, ulps } from '../../../../test/golden/lightgbm/golden.js';
import { faultOf } from '../../../engines/trees/ensemble-faults.js';
import { importLightgbm, looksLikeLightgbm } from './lightgbm.js';

const imported = (text: string) => importLightgbm(Buffer.from(text));

/** Zero is missing in its first trees and a number in its last: see refusals.spec.ts. */
const REFUSED = 'missing-zero-then-nan';

describe('a model that LightGBM 4.7.0 trained', () => {
  it.each(GOLDEN_NAMES.filter((name) => name !== REFUSED))('%s: margins to the bit, predictions to 2 ulp', (name) => {
    const { model: text, rows, raw, predictions } = golden(name);
    const { model } = imported(text);
    expect(faultOf(model.ensemble)).toBeUndefined();
    const found = answers(model, rows);
    expect(found.margins).toHaveLength(raw.flat().length);
    expect(raw.flat().filter((bits, i) => !Object.is(found.margins[i], Number(bits)))).toEqual([]);
    expect(found.predictions).toHaveLength(predictions.flat().length);
    const apart = predictions.flat().map((native, i) => ulps(found.predictions[i], Number(native)));
    expect(Math.max(...apart)).toBeLessThanOrEqual(2);
  });
});

describe('one model, written in other ways', () => {
  const { model: text } = golden('multiclass');
  const sizeless = text.replace(/^tree_sizes=.*\n/m, '');
  const WAYS: Record<string, string> = {
    'without tree_sizes, as old files are': sizeless,
    'as version v3': text.replace('version=v4', 'version=v3'),
    'as version v2, ending in its importances': sizeless
      .replace('version=v4', 'version=v2')
      .replace('end of trees\n\nfeature_importances:', 'feature importances:')
      .replace(/\nparameters:[^]*/, ''),
    'with line ends of Windows': sizeless.replaceAll('\n', '\r\n'),
    'without what counts and sums say of the training': sizeless.replace(/^(leaf|internal)_(count|weight)=.*\n/gm, ''),
  };
  it.each(Object.entries(WAYS))('%s', (_, other) => {
    expect(other).not.toBe(text);
    expect(imported(other).model).toEqual(imported(text).model);
  });
});

describe('what else a file says', () => {
  it('names, objective and the format that wrote it', () => {
    const { format, writtenBy, objective, model, notes } = imported(golden('names-with-equals').model);
    expect({ format, writtenBy, objective, notes }).toEqual({
      format: 'lightgbm-text',
      writtenBy: 'lightgbm, text format v4',
      objective: 'regression',
      notes: [],
    });
    expect(model.featureNames).toEqual(['a=1', 'b==', '=c', 'd=e=f', 'größe']);
  });

  it('a random forest adds margins up and averages predictions', () => {
    const { model, notes } = imported(golden('forest-binary').model);
    expect(model.link).toEqual({ kind: 'average', n: 7, then: { kind: 'sigmoid', scale: 1 } });
    expect(notes).toEqual(['random forest: predictions are means over 7 iterations']);
  });

  it('a custom objective leaves margins as they are, and says so', () => {
    const { model, objective, notes } = imported(golden('custom-multiclass').model);
    expect(model.link).toEqual({ kind: 'identity' });
    expect({ objective, notes }).toEqual({
      objective: 'custom',
      notes: ['custom objective: predictions are the margins'],
    });
  });

  it('the names of pandas categories, by column', () => {
    const { categoryNames } = imported(golden('pandas-categories').model);
    const hours = Array.from({ length: 24 }, (_, hour) => hour);
    expect([...categoryNames]).toEqual([
      [2, ['binance', 'bybit', 'kraken']],
      [3, hours],
    ]);
  });

  it('a column in which zero is missing has a rule of its own', () => {
    const { model } = imported(golden('missing-zero').model);
    expect(model.rules.flushTiny).toBe(true);
    expect(model.rules.zeroIsMissing.length).toBeGreaterThan(0);
  });
});

describe('recognised by its first line', () => {
  it.each([
    ['tree\nversion=v4\n', true],
    ['tree\r\nversion=v4\r\n', true],
    ['tree', false],
    ['trees\n', false],
    ['{"name":"tree"}', false],
    ['', false],
  ])('%j: %s', (text, looks) => {
    expect(looksLikeLightgbm(Buffer.from(text))).toBe(looks);
  });
});
