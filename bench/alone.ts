import { OnnxEngine } from '../src/engines/onnx.engine.js';
import { featureColumnsOf } from '../src/batch-inference/features/feature-table.js';
import { specOf } from '../src/engines/model-spec.js';
import { SeriesBook } from '../src/batch-inference/series-book.js';
import type { Pair } from '../src/domain/pair.js';
import type { Timeframe } from '../src/domain/timeframe.js';
import { ON_CPU, shippedModels } from './models.js';
import type { RandomWalk } from './random-walk.js';

interface Call {
  readonly engine: OnnxEngine;
  readonly columns: Int32Array;
  readonly window: number;
  /** A ready tensor for each timeframe. */
  readonly inputs: readonly Float32Array[];
}

/** Candles of all series: symbols × timeframes. */
export interface Market {
  readonly walks: readonly RandomWalk[];
  readonly symbols: readonly Pair[];
  readonly timeframes: readonly Timeframe[];
}

/** The two halves of a boundary, each alone on one thread with nothing beside it: the features, and the models. */
export class Alone {
  readonly #book = new SeriesBook();
  readonly #output: Float32Array;
  #calls: readonly Call[] = [];

  /** @param market its own: the walks move on */
  constructor(
    private readonly market: Market,
    history: number,
  ) {
    this.#output = new Float32Array(market.symbols.length * 3);
    for (const walk of market.walks) {
      const columns = walk.columns(history);
      this.#book.reset(columns);
      for (let row = 0; row < history; row += 1) this.#book.absorbRow(columns, row);
    }
  }

  async load(): Promise<void> {
    const { symbols, timeframes } = this.market;
    this.#calls = await Promise.all(
      shippedModels().map(async (model) => {
        const engine = new OnnxEngine(ON_CPU);
        await engine.load(specOf(model));
        const columns = featureColumnsOf(model.features.map(({ name }) => name));
        const inputs = timeframes.map(() => new Float32Array(symbols.length * model.window * columns.length));
        return { engine, columns, window: model.window, inputs };
      }),
    );
    this.#book.keepNarrow(this.#calls.filter(({ window }) => window > 1).map(({ columns }) => columns));
    this.features();
  }

  /** Absorbs the next candle of every series and packs every model's rows. @returns ms */
  features(): number {
    const { walks, symbols, timeframes } = this.market;
    const candles = walks.map((walk) => walk.next());
    const from = performance.now();
    this.#book.absorbCandles(candles, 0, candles.length);
    timeframes.forEach((timeframe, t) => {
      for (const { columns, window, inputs } of this.#calls) {
        const width = window * columns.length;
        for (let row = 0; row < symbols.length; row += 1) {
          const series = this.#book.find(symbols[row]!, timeframe)!;
          if (!this.#book.copy(series, columns, window, inputs[t]!, row * width))
            throw new Error('a series is not warm');
        }
      }
    });
    return performance.now() - from;
  }

  /** Runs every model on its tensor of every timeframe. @returns ms */
  async models(): Promise<number> {
    const { symbols, timeframes } = this.market;
    const from = performance.now();
    for (let t = 0; t < timeframes.length; t += 1) {
      for (const { engine, inputs } of this.#calls) await engine.run(symbols.length, inputs[t]!, this.#output);
    }
    return performance.now() - from;
  }

  async release(): Promise<void> {
    await Promise.all(this.#calls.map(({ engine }) => engine.release()));
  }
}
