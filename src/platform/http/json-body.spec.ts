import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonNumbers, readJson, type Json } from './json-body.js';
import { RequestRefused } from './refusal.js';

function read(text: string | Uint8Array): { value: Json; turns: number } {
  const reading = readJson(typeof text === 'string' ? Buffer.from(text) : text);
  for (let turns = 0; ; turns += 1) {
    const { done, value } = reading.next();
    if (done) return { value, turns };
  }
}
function refusal(text: string | Uint8Array): RequestRefused {
  try {
    read(text);
  } catch (error) {
    if (error instanceof RequestRefused) return error;
    throw error;
  }
  throw new Error('it was read');
}
const numbers = (shape: number[], values: number[]) => new JsonNumbers(shape, Float64Array.from(values));
/** As JSON.parse has it: arrays of numbers nested again. */
function plain(value: Json): unknown {
  if (value instanceof JsonNumbers) return nested(value.shape, [...value.values]);
  if (Array.isArray(value)) return value.map((one: Json) => plain(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one as Json)]));
}
function nested([length, ...inner]: readonly number[], values: readonly number[]): unknown[] {
  if (inner.length === 0) return [...values];
  const size = values.length / length!;
  return Array.from({ length: length! }, (_, i) => nested(inner, values.slice(i * size, (i + 1) * size)));
}

describe('a body is read', () => {
  it.each<[string, string, Json]>([
    ['numbers', ' [1, -2.5e-3,0 ] ', numbers([3], [1, -2.5e-3, 0])],
    ['rows of numbers', '[[1,2],[3,4],[5,6]]', numbers([3, 2], [1, 2, 3, 4, 5, 6])],
    ['windows of rows', '[[[1],[2]]]', numbers([1, 2, 1], [1, 2])],
    ['what JSON has no word for', '[NaN,Infinity,-Infinity]', numbers([3], [NaN, Infinity, -Infinity])],
    ['the same in quotes', '["NaN","Infinity","-Infinity",1]', numbers([4], [NaN, Infinity, -Infinity, 1])],
    ['what is missing', '[[null,1]]', numbers([1, 2], [NaN, 1])],
    ['minus zero', '[-0]', numbers([1], [-0])],
    ['names', '["BTC/USDT","ETH/USDT"]', ['BTC/USDT', 'ETH/USDT']],
    ['nothing in an array', '[]', []],
    ['any letter', '"\\u00e9é\\n"', 'éé\n'],
    ['a word', 'true', true],
    ['a number alone', '-1.5', -1.5],
  ])('with %s', (_, text, value) => expect(read(text).value).toEqual(value));

  it('as an object whose fields are what they are named, whatever their names', () => {
    const { value } = read('{"rows": [[1]], "model": "gbt", "__proto__": {"polluted": 1}, "x": {"y": [{"z": null}]}}');
    expect(plain(value)).toEqual(
      JSON.parse('{"rows":[[1]],"model":"gbt","__proto__":{"polluted":1},"x":{"y":[{"z":null}]}}'),
    );
    expect('polluted' in {}).toBe(false);
  });

  it('to the last bit of every number', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) => {
        const { value } = read(JSON.stringify(values.map((x) => (Object.is(x, -0) ? 0 : x))));
        expect([...(value as JsonNumbers).values]).toEqual(values.map((x) => (Object.is(x, -0) ? 0 : x)));
      }),
    );
  });

  it('as JSON.parse reads it, where no array mixes kinds', () => {
    const names = fc.array(fc.string({ minLength: 1 }).filter((text) => !/^(NaN|-?Infinity)$/.test(text)));
    const leaf = fc.oneof(fc.string(), fc.boolean(), fc.constant(null), fc.integer(), names, fc.array(fc.integer()));
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, leaf, fc.dictionary(fc.string(), tie('tree'), { maxKeys: 5 })),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(plain(read(JSON.stringify(value)).value)).toEqual(value);
      }),
    );
  });

  it('in turns, so that the main loop is never held', () => {
    const { value, turns } = read(JSON.stringify(Array.from({ length: 100 }, () => new Array<number>(100).fill(0.5))));
    expect((value as JsonNumbers).shape).toEqual([100, 100]);
    expect(turns).toBe(9);
  });
});

describe('a body is refused', () => {
  it.each<[string, string, string, RegExp]>([
    ['nothing', '', 'body', /a number expected at the end/],
    ['a cut array', '[1,2', 'body', /"]" expected at the end/],
    ['a cut object', '{"rows":[[1,2],[3', 'body.rows.1', /"]" expected at the end/],
    ['something behind it', '{} {}', 'body', /the end expected at byte 3/],
    ['a trailing comma', '[1,]', 'body.1', /a number expected at byte 3/],
    ['a bare word', '{"a":wrong}', 'body.a', /a number expected/],
    ['a leading zero', '[01]', 'body', /"]" expected at byte 2/],
    ['a hexadecimal', '[0x10]', 'body', /"]" expected/],
    ['no digit behind the point', '[1.]', 'body', /"]" expected/],
    ['a text among numbers', '{"rows":[[1,2],[3,"four"]]}', 'body.rows.1.1', /a number expected/],
    ['a short row', '{"rows":[[1,2],[3]]}', 'body.rows.1', /has 1 items, the ones before it have 2/],
    ['a number beside rows', '[[1],2]', 'body.1', /no row of numbers/],
    ['a row beside numbers', '[1,[2]]', 'body.1.0', /no row of numbers/],
    ['an empty row', '[[1],[]]', 'body.1', /is empty/],
    ['five dimensions', '[[[[1,[2]]]]]', 'body.0.0.0.1', /more than 4 dimensions/],
    ['a key twice', '{"a":1,"a":2}', 'body', /names "a" twice/],
    ['an unknown escape', '["\\x"]', 'body.0', /escape/],
    ['an open string', '["abc', 'body.0', /a string of at most 1024/],
    ['a string beyond all names', `"${'x'.repeat(2000)}"`, 'body', /at most 1024/],
    ['a nest', '['.repeat(100_000), 'body' + '.0'.repeat(16), /deeper than 16/],
    ['many objects', `[${'{},'.repeat(30_000)}{}]`, 'body.19999', /more than 20000 values/],
  ])('with %s', (_, text, field, message) => {
    const refused = refusal(text);
    expect(refused).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
    expect(refused.message).toMatch(message);
    expect(refused.faults[0]!.field).toBe(field);
  });

  it('where a string is not in UTF-8', () => {
    expect(refusal(Uint8Array.from([0x22, 0xff, 0x22])).message).toMatch(/UTF-8/);
  });

  it('whatever is cut out of it or written over it, or read, and never anything else', () => {
    const sound = Buffer.from(
      '{"model":"gbt@1.0.0","rows":[[1,2.5,null],[NaN,-3e4,"NaN"]],"timeout_ms":50,"a":{"b":[true,"é"]}}',
    );
    const edits = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 4 });
    fc.assert(
      fc.property(edits, fc.nat(sound.length), (written, length) => {
        const bytes = Buffer.from(sound.subarray(0, length));
        for (const [at, byte] of written) if (at < length) bytes[at] = byte;
        try {
          read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RequestRefused);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
