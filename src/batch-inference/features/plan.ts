/**
 * One number of a series' state: where it lies in the block, from which candle it is defined, from which it is settled.
 * A recursive average is defined as soon as it is seeded and settled once the seed weighs less than 1e-3.
 */
export interface Slot {
  readonly at: number;
  /** Contiguous candles until the value is defined, as its reference defines it. */
  readonly since: number;
  /** Contiguous candles until it may be shown to a model; ≥ since. */
  readonly settled: number;
}

/** Numbers in the front of a block: where the store writes a candle before the steps run. */
export const INPUT = {
  OPEN_TIME: 0,
  DURATION: 1,
  OPEN: 2,
  HIGH: 3,
  LOW: 4,
  CLOSE: 5,
  VOLUME: 6,
  PREVIOUS_HIGH: 7,
  PREVIOUS_LOW: 8,
  PREVIOUS_CLOSE: 9,
  /** Candles absorbed since the series began, this one included. */
  COUNT: 10,
} as const;

/**
 * Computes one value from up to four others of the same candle: reads s[a], s[b], s[c], s[d] and writes s[out]. It takes
 * places, not numbers, because a number that crosses a call which is not inlined is allocated on the heap.
 */
export type Formula = (s: Float64Array, out: number, a: number, b: number, c: number, d: number) => void;

/** An array of the block whose element at position p of the clock lies at `first + p × gap` from a series' place. */
export interface Window {
  readonly first: number;
  readonly gap: number;
}

/** A kernel's work for one closed candle: `b` is the place of the series in the state `s`. */
export type Step = (s: Float64Array, b: number) => void;

const MOST_PERIODS = 64;
const MOST_SINGLES = 384;
const OPERANDS = 5;

/** One step for `count` series, whose places are given; the operands are offsets from a place. */
type Sweep = (
  s: Float64Array,
  places: Int32Array,
  count: number,
  out: number,
  a: number,
  b: number,
  c: number,
  d: number,
) => void;

/**
 * A loop of its own for each step. The engine inlines a call that always reaches the same function; in one loop shared by
 * all steps it reaches 200 (docs/adr/0008-a-loop-for-each-step.md). The number keeps the sources apart: equal ones share
 * what was learnt about them.
 */
function sweepOf(step: Formula, number: number): Sweep {
  const source = `return function sweep${number}(s, places, count, out, a, b, c, d) {
    for (let i = 0; i < count; i++) {
      const at = places[i];
      step(s, at + out, at + a, at + b, at + c, at + d);
    }
  };`;
  return (new Function('step', source) as (step: Formula) => Sweep)(step);
}

/**
 * The order of work for one candle: kernels reserve slots in a block and append steps; the store runs the steps on any
 * series. Kernels asked for twice are built once. The steps allocate nothing.
 *
 * A block holds `lanes` series: number k of series j lies at k × lanes + j. An interval closes for all series at once, so
 * each step then sweeps over neighbours in memory, and its call is paid once a block and not once a series.
 */
export class Plan {
  readonly openTime: Slot;
  readonly duration: Slot;
  readonly open: Slot;
  readonly high: Slot;
  readonly low: Slot;
  readonly close: Slot;
  readonly volume: Slot;
  /** The candle before; meaningless in the first candle. */
  readonly previousHigh: Slot;
  readonly previousLow: Slot;
  readonly previousClose: Slot;
  /** Candles absorbed since the series began, this one included. */
  readonly count: Slot;

  /** Position of the current candle in the blocks of each period: (openTime / duration) mod period. */
  readonly phases = new Int32Array(MOST_PERIODS);
  readonly #periods: number[] = [];
  readonly #sweeps: Sweep[] = [];
  /** Per step, offsets from a place of what it writes and reads; all 0 for a kernel, which is so handed the place. */
  readonly #operands: number[] = [];
  #table = new Int32Array(0);
  readonly #built = new Map<string, unknown>();
  /** Windows asked for, by period. */
  readonly #widths = new Map<number, number>();
  readonly #bases = new Map<number, number>();
  readonly #planned: ReadonlyMap<number, number> | undefined;
  #singles = Object.keys(INPUT).length;
  #end = MOST_SINGLES;
  #index = -1;

  private constructor(
    readonly lanes: number,
    planned?: ReadonlyMap<number, number>,
  ) {
    this.#planned = planned;
    const input = (number: number, since: number): Slot => ({ at: number * lanes, since, settled: since });
    this.openTime = input(INPUT.OPEN_TIME, 1);
    this.duration = input(INPUT.DURATION, 1);
    this.open = input(INPUT.OPEN, 1);
    this.high = input(INPUT.HIGH, 1);
    this.low = input(INPUT.LOW, 1);
    this.close = input(INPUT.CLOSE, 1);
    this.volume = input(INPUT.VOLUME, 1);
    this.previousHigh = input(INPUT.PREVIOUS_HIGH, 2);
    this.previousLow = input(INPUT.PREVIOUS_LOW, 2);
    this.previousClose = input(INPUT.PREVIOUS_CLOSE, 2);
    this.count = input(INPUT.COUNT, 1);
  }

  /**
   * Builds twice: first to count the windows of each period, then with the windows of a period interleaved, so that what
   * one candle touches lies together. Single numbers lie at the block's front.
   * @param lanes series a block
   */
  static of<Built>(build: (plan: Plan) => Built, lanes = 1): { readonly plan: Plan; readonly built: Built } {
    const draft = new Plan(lanes);
    build(draft);
    const plan = new Plan(lanes, draft.#widths);
    return { plan, built: build(plan) };
  }

  /** Float64 numbers in one block of `lanes` series. */
  get stride(): number {
    return this.#end * this.lanes;
  }

  /** @returns a slot defined from candle `since`, settled from candle `settled` */
  slot(since: number, settled = since): Slot {
    return { at: this.keep(), since, settled: Math.max(since, settled) };
  }

  /** @returns a number of the block that a kernel keeps for itself */
  keep(): number {
    if (this.#singles === MOST_SINGLES) throw new Error(`more than ${MOST_SINGLES} single numbers in a block`);
    return this.#singles++ * this.lanes;
  }

  /** @returns an array of `period` numbers, one a position on the clock */
  window(period: number): Window {
    const windows = this.#widths.get(period) ?? 0;
    this.#widths.set(period, windows + 1);
    const gap = this.#planned?.get(period) ?? 1;
    if (gap === 1 || windows === 0) {
      this.#bases.set(period, this.#end);
      this.#end += gap * period;
    }
    const first = this.#bases.get(period)! + (gap === 1 ? 0 : windows);
    return { first: first * this.lanes, gap: gap * this.lanes };
  }

  step(step: Step): void {
    this.#append(step, [0, 0, 0, 0, 0]);
  }

  /** @returns what `build` made the first time the key was asked for */
  once<Built>(key: string, build: () => Built): Built {
    if (!this.#built.has(key)) this.#built.set(key, build());
    return this.#built.get(key) as Built;
  }

  /**
   * Clock-aligned position in blocks of `period` candles: two stores that began at different candles agree on it, so
   * their windowed values agree to the last bit.
   * @returns index into `phases`
   */
  phase(period: number): number {
    const known = this.#periods.indexOf(period);
    if (known >= 0) return known;
    if (this.#periods.length === MOST_PERIODS) throw new Error(`more than ${MOST_PERIODS} window lengths`);
    return this.#periods.push(period) - 1;
  }

  /** @returns a value computed from up to four others of the same candle */
  derive(formula: Formula, ...inputs: readonly Slot[]): Slot {
    const out = this.slot(Math.max(...inputs.map((x) => x.since)), Math.max(...inputs.map((x) => x.settled)));
    const [i = 0, j = i, k = i, l = i] = inputs.map((x) => x.at);
    this.#append(formula, [out.at, i, j, k, l]);
    return out;
  }

  /**
   * Computes everything for one candle of `count` series, all of the same open time and duration.
   * @param places where each series lies in `s`: its block's begin + its lane
   */
  run(s: Float64Array, places: Int32Array, count: number): void {
    this.#turn(Math.floor(s[places[0] + this.openTime.at] / s[places[0] + this.duration.at]));
    const sweeps = this.#sweeps;
    const at = this.#table;
    for (let i = 0, q = 0; i < sweeps.length; i++, q += OPERANDS) {
      sweeps[i](s, places, count, at[q], at[q + 1], at[q + 2], at[q + 3], at[q + 4]);
    }
  }

  #append(step: Formula, operands: readonly number[]): void {
    this.#sweeps.push(sweepOf(step, this.#sweeps.length));
    this.#operands.push(...operands);
    this.#table = Int32Array.from(this.#operands);
  }

  /** All series of an interval share the positions: they are computed once. */
  #turn(index: number): void {
    if (index === this.#index) return;
    this.#index = index;
    for (let i = 0; i < this.#periods.length; i++) this.phases[i] = index % this.#periods[i];
  }
}
