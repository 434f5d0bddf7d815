import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { node } from '../../src/engines/onnx/onnx-node.js';
import { encodeModel } from '../../src/engines/onnx/onnx-proto.js';
import { tensorOf } from '../../src/engines/onnx/onnx-tensor.js';
import { ModelsCommand } from '../builders/models-command.js';
import { modelOf } from '../builders/small-nets.js';
import { golden, ulps, type Cell } from '../golden/lightgbm/golden.js';

interface Scored {
  readonly rows: (number | string)[][];
}

const cli = new ModelsCommand();
afterAll(() => cli.remove());
const predict = (model: string, csv: string, ...words: string[]) =>
  cli.json<Scored>('predict', model, '--rows', cli.file('rows.csv', csv), ...words);
const csvOf = (rows: readonly (readonly Cell[])[]) =>
  rows.map((row) => row.map((x) => (x === 'NaN' ? '' : Object.is(x, -0) ? '-0' : String(x))).join(',')).join('\n');

describe('a model of trees', () => {
  const { model, rows, raw, predictions } = golden('multiclass');
  /** The command line takes no infinite number. */
  const taken = <T>(all: readonly T[]): T[] => all.filter((_, i) => !rows[i]!.join().includes('Infinity'));
  beforeAll(() => cli.json('import', cli.file('trees.txt', model), '--name', 'trees'));

  it.each(['onnx', 'tree'])(
    'on %s answers as LightGBM: margins in every bit, predictions within 2 ulp',
    async (engine) => {
      const csv = csvOf(taken(rows));
      const margins = await predict('trees', csv, '--engine', engine, '--raw');
      expect(margins.rows).toEqual(taken(raw).map((row) => row.map(Number)));
      const { rows: found } = await predict('trees', csv, '--engine', engine);
      const apart = taken(predictions).flatMap((row, i) => row.map((p, k) => ulps(Number(p), Number(found[i]![k]))));
      expect(Math.max(...apart)).toBeLessThanOrEqual(2);
    },
  );

  it('answers the same on either engine, and on the one that is chosen', async () => {
    const csv = csvOf(taken(rows));
    const { rows: chosen } = await predict('trees', csv);
    for (const engine of ['onnx', 'tree'])
      expect((await predict('trees', csv, '--engine', engine)).rows).toEqual(chosen);
  });

  it.each<[string, string, string, RegExp]>([
    ['too few columns', '1,2', 'COLUMN_COUNT', /reads 5/],
    ['a short line', '1,2,3,4,5\n1,2,3', 'ROWS_RAGGED', /row 2/],
    ['a word', '1,2,3,4,5\n1,2,3,4,five', 'NOT_A_NUMBER', /row 2, Column_4: "five"/],
    ['an infinite number', '1,2,3,4,inf', 'NOT_FINITE', /inf/],
    ['nothing', '', 'ROWS_EMPTY', /no rows/],
    ['a header alone', 'a,b,c,d,e', 'ROWS_EMPTY', /header/],
  ])('takes no rows with %s', async (_, csv, code, message) => {
    const refusal = await cli.refusal('predict', 'trees', '--rows', cli.file('bad.csv', csv));
    expect(refusal).toEqual({ code, message: expect.stringMatching(message) });
  });
});

describe('a model with names and categories', () => {
  const { model, raw } = golden('pandas-categories');
  beforeAll(() => cli.json('import', cli.file('named.txt', model), '--name', 'named'));

  it('reads columns by their names, categories by name or number, and an empty field as missing', async () => {
    // The first golden row: momentum -2.16, rsi 1.606, venue 2 (kraken), hour 2.
    const [expected] = [raw[0]!.map(Number)];
    const inAnyOrder = 'hour,venue,rsi,momentum\n2,kraken,1.606,-2.16\n2,2,1.606,-2.16\n';
    expect((await predict('named', inAnyOrder, '--raw')).rows).toEqual([expected, expected]);
    expect((await predict('named', '-2.16,1.606,kraken,2', '--raw')).rows).toEqual([expected]);
    const { rows: missing } = await predict('named', 'momentum,rsi,venue,hour\n,,,\nNaN,NaN,NaN,NaN', '--raw');
    expect(missing[0]).toEqual(missing[1]);
    expect(missing[0]![0]).toEqual(expect.any(Number));
  });

  it.each<[string, string, string, RegExp]>([
    ['an unknown category', '1,1,kraken,1\n1,1,hyperliquid,1', 'NOT_A_NUMBER', /binance, bybit, kraken/],
    ['a column too few', 'momentum,rsi,venue\n1,1,0', 'COLUMN_MISSING', /hour/],
    ['a column too many', 'momentum,rsi,venue,hour,day\n1,1,0,1,1', 'COLUMN_UNKNOWN', /day/],
  ])('takes no rows with %s', async (_, csv, code, message) => {
    const refusal = await cli.refusal('predict', 'named', '--rows', cli.file('bad.csv', csv));
    expect(refusal).toEqual({ code, message: expect.stringMatching(message) });
  });
});

describe('a net', () => {
  // y = [e^x, √(x + 50), 0.1 x]
  const net = modelOf({
    nodes: [
      node('Exp', ['x'], ['exp']),
      node('Add', ['x', 'fifty'], ['sum']),
      node('Sqrt', ['sum'], ['root']),
      node('Mul', ['x', 'tenth'], ['part']),
      node('Concat', ['exp', 'root', 'part'], ['y'], { axis: { type: 2, i: 1 } }),
    ],
    weights: [tensorOf('fifty', [1], Float32Array.of(50)), tensorOf('tenth', [1], Float32Array.of(0.1))],
    inputs: { x: ['rows', 1] },
    outputs: { y: ['rows', 3] },
  });
  beforeAll(() => cli.json('import', cli.file('net.onnx', encodeModel(net)), '--name', 'net'));

  it('answers in the shortest decimals that are its numbers, and by name what JSON cannot say', async () => {
    const rows = cli.file('rows.csv', '1000\n-60\n-0\n-1');
    const { stdout } = await cli.run('predict', 'net', '--rows', rows, '--json');
    const [inf, nan, minusZero, ...rest] = (JSON.parse(stdout) as Scored).rows;
    expect(inf).toEqual(['Infinity', Math.fround(Math.sqrt(1050)), 100]);
    expect(nan).toEqual([expect.any(Number), 'NaN', -6]);
    expect(minusZero).toEqual([1, Math.fround(Math.sqrt(50)), -0]);
    expect(rest).toEqual([[expect.any(Number), 7, Math.fround(-0.1)]]);
    expect(stdout).toContain(`,-0],[`);
    expect(stdout).toContain(`,7,-0.10000000149011612]]}`);
    const { stdout: lines } = await cli.run('predict', 'net', '--rows', rows);
    expect(
      lines
        .trim()
        .split('\n')
        .map((line) => line.split(',').at(-1)),
    ).toEqual(['100', '-6', '-0', '-0.10000000149011612']);
  });

  it.each<[string, string[], string, RegExp]>([
    ['of its margins', ['--raw'], 'NO_MARGINS', /inside its graph/],
    ['of the tree kernel', ['--engine', 'tree'], 'ENGINE_NOT_CERTIFIED', /it is on: onnx\/cpu/],
  ])('gives no answers %s', async (_, words, code, message) => {
    const refusal = await cli.refusal('predict', 'net', '--rows', cli.file('rows.csv', '1'), ...words);
    expect(refusal).toEqual({ code, message: expect.stringMatching(message) });
  });

  it('cannot do without a value', async () => {
    const refusal = await cli.refusal('predict', 'net', '--rows', cli.file('rows.csv', '1\nNaN'));
    expect(refusal).toEqual({ code: 'MISSING_VALUE', message: expect.stringMatching(/row 2, x0/) });
  });
});
