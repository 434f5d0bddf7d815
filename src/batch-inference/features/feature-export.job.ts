import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { faultOf, type CandleColumns } from '../../domain/candle.js';
import { parsePair } from '../../domain/pair.js';
import { isTimeframe, type Timeframe } from '../../domain/timeframe.js';
import { exportRows, type FeatureRows } from './export.js';
import { FEATURE_HASH, FEATURE_NAMES, FEATURES, WARM_UP } from './feature-table.js';

const HEADER = 'timestamp_ms,open,high,low,close,volume';
const COLUMNS = ['open_time', 'open', 'high', 'low', 'close', 'atr'] as const;

export interface FeatureExport {
  /** Candle files `<symbol>-<timeframe>.csv` or `.csv.gz`, or folders of them. */
  readonly input: readonly string[];
  /** Folder, made where absent. */
  readonly output: string;
}

/** One exported series: `rowsFile` is float32 [rows × features], `columnsFile` float64 [6 × rows], little-endian. */
export interface ExportedSeries {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly source: string;
  readonly rows: number;
  readonly gaps: number;
  /** Candles of the file that are impossible (see `faultOf`) and were left out. */
  readonly refused: number;
  readonly rows_file: string;
  readonly columns_file: string;
}

export interface ExportIndex {
  readonly schema: 1;
  readonly feature_hash: string;
  readonly warm_up: number;
  readonly names: readonly string[];
  readonly features: typeof FEATURES;
  readonly columns: readonly string[];
  readonly byte_order: 'little';
  readonly series: readonly ExportedSeries[];
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

/** A candle file cannot be read as one. */
export class CandleFileRefused extends Error {
  override readonly name = 'CandleFileRefused';
  constructor(
    readonly file: string,
    readonly reason: string,
  ) {
    super(`${file}: ${reason}`);
  }
}

/**
 * Computes the features of every candle file with the code that serves, and writes them for training: per series
 * `<symbol>-<timeframe>.f32` and `.f64` (a second source of the same series adds `@<its folder>`), and one `index.json`.
 * Files whose name is not `<symbol>-<timeframe>` are listed as skipped.
 * @throws CandleFileRefused where a file's content is not `timestamp_ms,open,high,low,close,volume`
 */
export async function exportFeatures({ input, output }: FeatureExport): Promise<ExportIndex> {
  await mkdir(output, { recursive: true });
  const series: ExportedSeries[] = [];
  const skipped: { file: string; reason: string }[] = [];
  for (const file of (await Promise.all(input.map(candleFiles))).flat()) {
    const identity = identityOf(file);
    if (typeof identity === 'string') {
      skipped.push({ file, reason: identity });
      continue;
    }
    const { columns, refused } = await readCandles(file, identity);
    const rows = exportRows(columns);
    const plain = basename(file).replace(/\.csv(\.gz)?$/, '');
    const taken = series.some((other) => other.rows_file === `${plain}.f32`);
    const name = taken ? `${plain}@${basename(dirname(resolve(file)))}` : plain;
    if (series.some((other) => other.rows_file === `${name}.f32`)) throw new CandleFileRefused(file, 'given twice');
    await writeSeries(output, name, rows);
    series.push({
      symbol: columns.symbol,
      timeframe: columns.timeframe,
      source: file,
      rows: rows.openTime.length,
      gaps: rows.gaps,
      refused,
      rows_file: `${name}.f32`,
      columns_file: `${name}.f64`,
    });
  }
  const index: ExportIndex = {
    schema: 1,
    feature_hash: FEATURE_HASH,
    warm_up: WARM_UP,
    names: FEATURE_NAMES,
    features: FEATURES,
    columns: COLUMNS,
    byte_order: 'little',
    series,
    skipped,
  };
  await writeFile(join(output, 'index.json'), `${JSON.stringify(index, null, 2)}\n`);
  return index;
}

async function candleFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = await readdir(path);
  return names
    .filter((name) => /\.csv(\.gz)?$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

type Identity = Pick<CandleColumns, 'symbol' | 'timeframe'>;

function identityOf(file: string): Identity | string {
  const match = /^([^-]+)-([^-]+)\.csv(\.gz)?$/.exec(basename(file));
  if (!match) return 'name is not <symbol>-<timeframe>.csv[.gz]';
  const symbol = parsePair(match[1]);
  if (!symbol) return `no known quote asset in '${match[1]}'`;
  if (!isTimeframe(match[2])) return `timeframe '${match[2]}' is not served`;
  return { symbol, timeframe: match[2] };
}

async function readCandles(file: string, identity: Identity): Promise<{ columns: CandleColumns; refused: number }> {
  const bytes = await readFile(file);
  const text = (file.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes).toString('utf8');
  const lines = text.trimEnd().split(/\r?\n/);
  if (lines[0] !== HEADER) throw new CandleFileRefused(file, `header is not '${HEADER}'`);
  const most = lines.length - 1;
  const [openTime, open, high, low, close, volume] = Array.from({ length: 6 }, () => new Float64Array(most));
  let kept = 0;
  for (let line = 1; line <= most; line++) {
    const cells = lines[line].split(',');
    if (cells.length !== 6 || cells.some((cell) => cell === '')) {
      throw new CandleFileRefused(file, `line ${line + 1} has not six values`);
    }
    const [t, o, h, l, c, v] = cells.map(Number);
    if (faultOf({ ...identity, openTime: t, open: o, high: h, low: l, close: c, volume: v })) continue;
    if (kept > 0 && t <= openTime[kept - 1]) throw new CandleFileRefused(file, `line ${line + 1} is out of time order`);
    openTime[kept] = t;
    open[kept] = o;
    high[kept] = h;
    low[kept] = l;
    close[kept] = c;
    volume[kept++] = v;
  }
  const cut = (column: Float64Array) => column.subarray(0, kept);
  const columns = { openTime: cut(openTime), open: cut(open), high: cut(high), low: cut(low) };
  return { columns: { ...identity, ...columns, close: cut(close), volume: cut(volume) }, refused: most - kept };
}

async function writeSeries(output: string, name: string, rows: FeatureRows): Promise<void> {
  const { openTime, open, high, low, close, atr } = rows;
  const columns = Buffer.concat([openTime, open, high, low, close, atr].map(bytesOf));
  await writeFile(join(output, `${name}.f32`), bytesOf(rows.rows));
  await writeFile(join(output, `${name}.f64`), columns);
}

/** Typed arrays lie in the machine's byte order: little-endian on every platform that Node 20 and later supports but s390x. */
function bytesOf(array: Float32Array | Float64Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}
