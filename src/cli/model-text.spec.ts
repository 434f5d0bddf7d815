import { describe, expect, it } from 'vitest';
import { rowsJson, rowsText } from './model-text.js';

const scored = { engine: 'tree', columns: 2, values: Float64Array.of(0.1 + 0.2, -0, NaN, Infinity, 5e-324, 1e21) };

describe('scored rows', () => {
  it('are shortest decimals that read back as the same numbers, the rest by name', () => {
    expect(rowsJson(scored)).toBe('{"rows":[[0.30000000000000004,-0],["NaN","Infinity"],[5e-324,1e+21]]}');
    const read = (JSON.parse(rowsJson(scored)) as { rows: (number | string)[][] }).rows.flat().map(Number);
    expect(Float64Array.from(read)).toEqual(scored.values);
  });

  it('are lines of a table where no JSON was asked for', () => {
    expect(rowsText(scored)).toBe('0.30000000000000004,-0\nNaN,Infinity\n5e-324,1e+21');
  });
});
