import { describe, expect, it } from 'vitest';
import { readRows } from './rows-csv.js';

const AB = [{ name: 'rsi' }, { name: 'macd' }];
const values = (text: string, columns: Parameters<typeof readRows>[1] = AB) => {
  const read = readRows(text, columns, true);
  return 'code' in read ? read : [...read.values];
};

describe('rows', () => {
  it.each<[string, string, number[]]>([
    ['without a header go by place', '1,2\n3,4\n', [1, 2, 3, 4]],
    ['with a header go by name', 'macd,rsi\n1,2\n3,4', [2, 1, 4, 3]],
    ['an empty field is missing', ',2\n3,\n', [NaN, 2, 3, NaN]],
    ['so is NaN by name', 'NaN,2', [NaN, 2]],
    ['every digit counts', '0.1000000000000000055511151231257827,1e-320', [0.1, 1e-320]],
    ['quotes, spaces and line ends of Windows are no part of a number', '"1", 2 \r\n3,4\r\n', [1, 2, 3, 4]],
    ['minus zero stays minus zero', '-0,0', [-0, 0]],
  ])('%s', (_, text, expected) => expect(values(text)).toEqual(expected));

  it('of made-up names go by place, whatever their header says', () => {
    expect(values('a,b\n1,2', [{ name: 'Column_0' }, { name: 'Column_1' }])).toEqual([1, 2]);
  });

  it('of made-up names are not guessed where a header has some of them, or a number among its words', () => {
    const made = [{ name: 'Column_0' }, { name: 'Column_1' }];
    expect(values('Column_1,Column_1\n1,2', made)).toMatchObject({ code: 'COLUMN_MISSING' });
    expect(values('Column_1,Column_2\n1,2', made)).toMatchObject({ code: 'COLUMN_MISSING' });
    expect(values('1,2,x\n1,2,3', [...made, { name: 'Column_2' }])).toMatchObject({ code: 'NOT_A_NUMBER' });
  });

  it('a category goes by its number or its name', () => {
    const columns = [{ name: 'side', categories: ['buy', 'sell'] }, { name: 'rsi' }];
    expect(values('sell,1\n0,2\n,3', columns)).toEqual([1, 1, 0, 2, NaN, 3]);
    expect(values('side,rsi\nhold,1', columns)).toMatchObject({ code: 'NOT_A_NUMBER' });
    expect(
      values('hex,0x1F', [
        { name: 'a', categories: ['hex'] },
        { name: 'b', categories: ['0x0F', '0x1F'] },
      ]),
    ).toEqual([0, 1]);
  });

  it.each<[string, string, string, RegExp]>([
    ['nothing', '', 'ROWS_EMPTY', /no rows/],
    ['a header alone', 'rsi,macd\n', 'ROWS_EMPTY', /header/],
    ['a missing column', 'rsi,volume\n1,2', 'COLUMN_MISSING', /macd/],
    ['a column too many', 'rsi,macd,volume\n1,2,3', 'COLUMN_UNKNOWN', /volume/],
    ['a column twice', 'rsi,macd,rsi\n1,2,3', 'COLUMN_COUNT', /twice/],
    ['too few numbers', '1\n2', 'COLUMN_COUNT', /has 1 columns, the model reads 2/],
    ['a short line', '1,2\n3', 'ROWS_RAGGED', /row 2/],
    ['a word', '1,2\n3,four', 'NOT_A_NUMBER', /row 2, macd: "four"/],
    ['a word in the first line', '1,x\n2,3', 'NOT_A_NUMBER', /row 1, macd: "x"/],
    ['a hexadecimal number', '1,2\n1,0x10', 'NOT_A_NUMBER', /row 2, macd: "0x10"/],
    ['an infinite number', '1,inf', 'NOT_FINITE', /macd/],
    ['a number too large for a double', '1,1e999', 'NOT_FINITE', /macd/],
  ])('are refused with %s', (_, text, code, message) => {
    const read = readRows(text, AB, true);
    expect(read).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('with a missing value are refused by a model that cannot do without', () => {
    expect(readRows('1,', AB, false)).toMatchObject({
      code: 'MISSING_VALUE',
      message: expect.stringContaining('macd'),
    });
  });
});
