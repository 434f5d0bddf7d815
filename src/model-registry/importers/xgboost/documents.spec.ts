import { describe, expect, it } from 'vitest';
import type { DocumentReader } from './document-reader.js';
import { JsonReader } from './json-reader.js';
import { LIMITS } from './limits.js';
import { UbjsonReader } from './ubjson-reader.js';

const json = (text: string) => new JsonReader(Buffer.from(text));

/** Markers and texts as they are; a number is one byte. */
const ubjson = (...parts: (string | number | readonly number[])[]) =>
  new UbjsonReader(
    Buffer.concat(
      parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from([part].flat()))),
    ),
  );

/** The whole document as a value; objects as entries. */
function valueOf(reader: DocumentReader): unknown {
  const read = (): unknown => {
    switch (reader.peek()) {
      case 'object': {
        const entries: [string, unknown][] = [];
        reader.object((key) => entries.push([key, read()]));
        return Object.fromEntries(entries);
      }
      case 'array': {
        const items: unknown[] = [];
        reader.array(() => items.push(read()));
        return items;
      }
      case 'string':
        return reader.string();
      case 'number':
        return reader.number();
      case 'boolean':
        return reader.boolean();
      case 'null':
        reader.skip();
        return null;
    }
  };
  const value = read();
  reader.end();
  return value;
}

function skipped(reader: DocumentReader): void {
  reader.skip();
  reader.end();
}

const codeOf = (read: () => unknown) => {
  try {
    read();
    return 'read';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('JSON', () => {
  it.each<[string, string, unknown]>([
    [
      'all kinds',
      ' {"a" : [1, -2.5, "x", true, false, null], "b":{ } , "c":[ ]}\n',
      { a: [1, -2.5, 'x', true, false, null], b: {}, c: [] },
    ],
    ['numbers that JSON has not', '[NaN,Infinity,-Infinity]', [NaN, Infinity, -Infinity]],
    ['a fraction is a float32', '[0.1,1e-1,100000001.0]', [Math.fround(0.1), Math.fround(0.1), 100000000]],
    ['an integer is not', '[100000001,-0,9007199254740991]', [100000001, -0, 9007199254740991]],
    ['escapes and other scripts', '"\\u00e9\\n\\"é\\\\日"', 'é\n"é\\日'],
    [
      'a key of its own',
      '{"__proto__":1,"\\u0061":2}',
      Object.fromEntries([
        ['__proto__', 1],
        ['a', 2],
      ]),
    ],
  ])('%s', (_, text, value) => {
    expect(valueOf(json(text))).toEqual(value);
    skipped(json(text));
  });

  it.each([
    ...[
      '',
      ' ',
      '{',
      '[',
      '[1',
      '[1,',
      '[1,]',
      '{"a"}',
      '{"a":}',
      '{"a":1',
      '{"a":1,}',
      '{a:1}',
      '"a',
      '"a\\',
      '"\\x"',
    ],
    ...[
      'tru',
      'nul',
      'NaNs',
      '-NaN',
      '-',
      '1.',
      '.5',
      '+1',
      '01',
      '1e',
      '1e+',
      '0x10',
      '[1 2]',
      '1 1',
      '[]]',
      '"\n"',
      '\ufeff1',
    ],
    ...['{"a":1,"a":2}', `1${'0'.repeat(600)}`],
  ])('%j is refused', (text) => {
    expect(codeOf(() => valueOf(json(text)))).toBe('SOURCE_INVALID');
  });

  it('bytes that are not UTF-8 are refused', () => {
    expect(codeOf(() => valueOf(new JsonReader(Uint8Array.of(0x22, 0xc3, 0x28, 0x22))))).toBe('SOURCE_INVALID');
  });

  it('a part of a larger buffer', () => {
    expect(valueOf(new JsonReader(Buffer.from('xx[1]yy').subarray(2, 5)))).toEqual([1]);
  });
});

const LENGTH_1 = ['i', 1] as const;

describe('UBJSON', () => {
  it.each<[string, (string | number | readonly number[])[], unknown]>([
    ['null, true and false', ['[ZTF]'], [null, true, false]],
    [
      'integers',
      ['[', 'i', 0xff, 'U', 0xff, 'I', [0xff, 0], 'l', [0x80, 0, 0, 0], 'L', [0, 0, 0, 1, 0, 0, 0, 2], ']'],
      [-1, 255, -256, -(2 ** 31), 2 ** 32 + 2],
    ],
    ['a negative int64', ['L', Array<number>(8).fill(0xff)], -1],
    [
      'floats, a double rounded to float32',
      ['[', 'd', [0x3f, 0x80, 0, 0], 'D', [0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a], ']'],
      [1, Math.fround(0.1)],
    ],
    ['a high-precision number', ['H', 'i', 3, '0.1'], Math.fround(0.1)],
    ['a character and a string', ['[', 'Cx', 'S', 'i', 2, [0xc3, 0xa9], ']'], ['x', 'é']],
    ['no-operations between values', ['N[NTNNFN]N'], [true, false]],
    ['a counted array', ['[#', ...LENGTH_1, 'T'], [true]],
    ['a typed array', ['[$I#', 'U', 2, [0, 1, 0, 2]], [1, 2]],
    ['a typed array of strings', ['[$S#i', 2, ...LENGTH_1, 'a', ...LENGTH_1, 'b'], ['a', 'b']],
    ['a typed array of arrays', ['[$[#i', 2, 'T]', 'F]'], [[true], [false]]],
    ['an object', ['{', ...LENGTH_1, 'aT', ...LENGTH_1, 'b', '[]', '}'], { a: true, b: [] }],
    ['a counted object', ['{#i', 1, ...LENGTH_1, 'aT'], { a: true }],
    ['a typed object', ['{$i#i', 2, ...LENGTH_1, 'a', 7, ...LENGTH_1, 'b', 8], { a: 7, b: 8 }],
  ])('%s', (_, parts, value) => {
    expect(valueOf(ubjson(...parts))).toEqual(value);
    skipped(ubjson(...parts));
  });

  it.each([
    ['[$d#i', [2, 0x3f, 0x80, 0, 0, 0xff, 0x80, 0, 0], Float32Array.of(1, -Infinity)],
    ['[$l#i', [1, 0, 0, 0, 5], Int32Array.of(5)],
    ['[$U#i', [2, 1, 0], Uint8Array.of(1, 0)],
    ['[$i#i', [2, 1, 0xff], Int8Array.of(1, -1)],
    ['[$I#i', [1, 1, 0], Int16Array.of(256)],
    ['[$L#i', [1, 0, 0, 0, 0, 0, 0, 0, 9], Float64Array.of(9)],
    ['[#i', [2, 0x69, 3, 0x55, 200], Float64Array.of(3, 200)],
    ['[', [0x69, 3, 0x5d], Float64Array.of(3)],
  ])('numbers of %s', (head, payload, numbers) => {
    expect(ubjson(head, payload).numbers()).toEqual(numbers);
  });

  it.each<[string, (string | number | readonly number[])[]]>([
    ['nothing', []],
    ['an unknown marker', ['x']],
    ['a cut number', ['l', [0, 0, 0]]],
    ['a cut string', ['S', 'i', 3, 'ab']],
    ['a string without a length', ['SS']],
    ['a negative length', ['S', 'i', 0xff]],
    ['a type without a count', ['[$i', 1, 2]],
    ['an unknown type', ['[$x#i', 1, 2]],
    ['an open array', ['[T']],
    ['an open object', ['{', ...LENGTH_1, 'aT']],
    ['a key twice', ['{', ...LENGTH_1, 'aT', ...LENGTH_1, 'aT}']],
    ['more after the end', ['TT']],
    ['more floats than bytes', ['[$d#L', [0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4]]],
    ['a count beyond all numbers', ['[$d#L', Array<number>(8).fill(0x7f)]],
    ['billions of values without bytes', ['[$Z#l', [0x7f, 0xff, 0xff, 0xff]]],
    ['a high-precision number that is none', ['H', 'i', 3, '1x0']],
  ])('%s is refused', (_, parts) => {
    expect(codeOf(() => valueOf(ubjson(...parts)))).toBe('SOURCE_INVALID');
    expect(codeOf(() => skipped(ubjson(...parts)))).not.toBe('SOURCE_TOO_LARGE');
  });
});

describe('bounds', () => {
  const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
  it.each([LIMITS.depth, LIMITS.depth + 1, 1_000_000])('arrays %i deep', (depth) => {
    const code = depth > LIMITS.depth ? 'SOURCE_TOO_LARGE' : 'read';
    expect(codeOf(() => skipped(json(deep('[', ']', depth))))).toBe(code);
    expect(codeOf(() => skipped(ubjson(deep('[', ']', depth))))).toBe(code);
  });

  it('keys of an object', () => {
    const keys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"${i}":0`).join()}}`;
    expect(codeOf(() => skipped(json(keys(LIMITS.keys))))).toBe('read');
    expect(codeOf(() => skipped(json(keys(LIMITS.keys + 1))))).toBe('SOURCE_TOO_LARGE');
  });

  it('a string that is kept', () => {
    const text = 'x'.repeat(LIMITS.stringBytes + 1);
    expect(codeOf(() => json(`"${text}"`).string())).toBe('SOURCE_TOO_LARGE');
    expect(codeOf(() => skipped(json(`"${text}"`)))).toBe('read');
  });
});

describe('flags', () => {
  it.each([
    ['[true,false,1,0]', [1, 0, 1, 0]],
    ['[]', []],
  ])('%s', (text, flags) => {
    expect(Array.from(json(text).flags())).toEqual(flags);
  });

  it('2 is none', () => expect(codeOf(() => json('[2]').flags())).toBe('SOURCE_INVALID'));
});
