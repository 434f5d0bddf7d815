import { setImmediate as nextTurn } from 'node:timers/promises';
import { membersOf, type ActiveEnsemble, type Stacking } from '../domain/ensemble.js';
import type { Interval } from '../domain/interval.js';
import { CLASSES, refOf, type ActiveModel, type ModelRef, type Serving } from '../domain/model.js';
import { runId, type ModelRun } from '../domain/prediction.js';
import { votingRows, type Role } from '../domain/role.js';
import type { Moments } from '../domain/stage.js';
import { stackRow } from '../engines/ensembles/stacked-rows.js';
import type { Clock } from '../platform/clock.js';
import type { BufferPool } from './buffers.js';
import type { Gate } from './drift/gate.js';
import { combineGate, combineVote, stackable, type Combined, type Heard } from './ensemble/combine.js';
import type { LineUp, Player } from './ensemble/line-up.js';
import { madeOf } from './ensemble/made-of.js';
import { salientFeatures } from './ensemble/salient-features.js';
import { ModelBatch, type RowShape } from './model-batch.js';
import { presentIn, type Present } from './present.js';
import type { SeriesBook } from './series-book.js';
import { shardsOf } from './sharding.js';
import type { WorkerPool } from './pool/worker-pool.service.js';

/** Rows gathered between two looks at the clock, and how long a slice of gathering may last. */
const ROWS_A_LOOK = 16;
const SLICE_MS = 0.5;

/** What every run works with. */
export interface RunTools {
  readonly book: SeriesBook;
  readonly buffers: BufferPool;
  readonly pool: WorkerPool;
  readonly clock: Clock;
  readonly batchSize: number;
}

/** A version's rows, until nobody asks for their features any more. */
export interface Kept {
  readonly model: ActiveModel;
  readonly rows: ModelBatch;
}

/** A version's answers, and the rows that they were given for. */
interface Played extends Kept {
  readonly run: ModelRun;
}

/** What an ensemble's answers are, besides what all runs have in common. */
type Answered = Pick<ModelRun, 'probabilities' | 'answered' | 'abstentions' | 'engine' | 'topFeatures'>;

/**
 * One interval: one batch through each version that takes part, on the workers, side by side; then each ensemble out of the
 * answers of its members, as soon as it has them. `gather`, then `answers`.
 */
export class IntervalRun {
  /** What the series have to offer, as they stand when the run begins. */
  readonly present: Present;
  readonly #voters: readonly Pick<Serving, 'name' | 'role' | 'share'>[];
  readonly #underWay = new Map<string, Promise<Played>>();

  /** @param started wall time, epoch ms */
  constructor(
    private readonly tools: RunTools,
    private readonly interval: Interval,
    private readonly line: LineUp,
    private readonly started: number,
  ) {
    this.present = presentIn(tools.book, interval);
    this.#voters = [...line.players.map(({ model, role }) => ({ ...model, role })), ...line.ensembles];
  }

  /** Packs the rows of each version and sends them off. The series must stand still until it resolves. */
  async gather(): Promise<void> {
    for (const player of this.line.players) {
      const batch = await this.#rowsFor(player);
      this.#underWay.set(refOf(player.model), this.#play(player, batch, this.tools.clock.wallNow()));
    }
  }

  /** @returns every version's run, and the rows that its `topFeatures` look at */
  async answers(): Promise<{ readonly runs: readonly ModelRun[]; readonly kept: readonly Kept[] }> {
    const [played, combined] = await Promise.all([
      Promise.all(this.#underWay.values()),
      Promise.all(this.line.ensembles.map((ensemble) => this.#combine(ensemble))),
    ]);
    return { runs: [...played.map(({ run }) => run), ...combined], kept: played };
  }

  /** Nothing is absorbed meanwhile: the main loop has its turns, the series stand still. */
  async #rowsFor({ model, key, columns, gate }: Player): Promise<ModelBatch> {
    const { rows, series, absent } = this.present;
    const { window } = model;
    const shape = {
      width: window * columns.length,
      columns: model.columns,
      distribution: (model.classes?.length ?? 0) > 1,
    };
    const batch = this.#batch(key, rows.length, { ...shape, missing: false }, gate);
    absent.forEach((reason, row) => batch.abstain(row, reason));
    const { book } = this.tools;
    await this.#pack(batch, rows, (i, into, offset) => book.copy(series[i]!, columns, window, into, offset));
    return batch;
  }

  #batch(key: string, rows: number, shape: RowShape, gate?: Gate): ModelBatch {
    const { batchSize, pool, buffers } = this.tools;
    const shards = shardsOf(rows, batchSize, pool.workersOf(key));
    return new ModelBatch(this.interval.symbols, shape, shards, buffers, gate);
  }

  /** @param copy writes row `rows[i]`; false: its series is not warm */
  async #pack(
    batch: ModelBatch,
    rows: Int32Array,
    copy: (i: number, into: Float32Array, offset: number) => boolean,
  ): Promise<void> {
    const { clock } = this.tools;
    let sliceBegan = clock.wallNow();
    let i = 0;
    const copyNext = (into: Float32Array, offset: number) => copy(i, into, offset);
    for (; i < rows.length; i += 1) {
      batch.pack(rows[i]!, copyNext);
      if (i % ROWS_A_LOOK !== 0 || clock.wallNow() - sliceBegan < SLICE_MS) continue;
      await nextTurn();
      sliceBegan = clock.wallNow();
    }
  }

  async #play(player: Player, batch: ModelBatch, featured: number): Promise<Played> {
    const { model, key, role } = player;
    const moments = { ...this.#begun(), featured, ...(await this.#infer(key, batch)) };
    const { probabilities, answered, abstentions } = batch;
    const engine = this.tools.pool.engineOf(key);
    const topFeatures: ModelRun['topFeatures'] = (row, count) => batch.topFeatures(row, model.features, count);
    const answer = { probabilities, answered, abstentions, engine, topFeatures };
    return { run: { ...this.#runOf(model, role), ...answer, moments }, model, rows: batch };
  }

  /** @returns when the first worker began and the last one had its answer */
  async #infer(key: string, batch: ModelBatch): Promise<Moments> {
    await Promise.all(
      batch.parts
        .filter(({ rows }) => rows > 0)
        .map(async (part) => (part.outcome = await this.tools.pool.infer(key, part.rows, part.input, part.output))),
    );
    batch.collect();
    const outcomes = batch.parts.flatMap(({ outcome }) => (outcome?.answered ? [outcome] : []));
    if (outcomes.length === 0) return {};
    return {
      inferring: Math.min(...outcomes.map(({ inferring }) => inferring)),
      inferred: Math.max(...outcomes.map(({ inferred }) => inferred)),
    };
  }

  /** Its inference lasts from the first member's beginning until its own answers are there. */
  async #combine(ensemble: ActiveEnsemble): Promise<ModelRun> {
    const { ensemble: plan } = ensemble;
    const asked = await Promise.all(membersOf(plan).map((ref) => this.#underWay.get(refOf(ref))));
    const answer = await this.#answer(ensemble, asked);
    const moments: Moments = { ...this.#begun() };
    const stamps = asked.flatMap((one) => one?.run.moments ?? []);
    const first = (stamp: 'featured' | 'inferring') => stamps.flatMap((moments) => moments[stamp] ?? []);
    if (stamps.length > 0) moments.featured = Math.min(...first('featured'));
    if (first('inferring').length > 0) {
      moments.inferring = Math.min(...first('inferring'));
      moments.inferred = this.tools.clock.wallNow();
    }
    const { timeframe, openTime } = this.interval;
    const parts = madeOf(plan, (ref) => runId(ref, timeframe, openTime));
    return { ...this.#runOf(ensemble, ensemble.role), ...answer, moments, madeOf: parts };
  }

  async #answer({ ensemble: plan }: ActiveEnsemble, asked: readonly (Played | undefined)[]): Promise<Answered> {
    const { symbols } = this.interval;
    const runs = asked.map((one) => one?.run);
    if (plan.method === 'stacking') return this.#stack(plan, runs);
    if (plan.method === 'weighted_vote') {
      const topFeatures = this.#topOfVote(plan.members, asked);
      return { ...answerOf(combineVote(plan, runs, symbols)), engine: plan.method, topFeatures };
    }
    const [gate, ...members] = runs;
    const { chosen, ...combined } = combineGate(plan, gate, members, symbols);
    const topFeatures: ModelRun['topFeatures'] = (row, count) => members[chosen[row]!]?.topFeatures(row, count) ?? [];
    return { ...answerOf(combined), engine: plan.method, topFeatures };
  }

  #topOfVote(
    declared: readonly { readonly weight: number }[],
    asked: readonly (Played | undefined)[],
  ): ModelRun['topFeatures'] {
    return (row, count) => {
      const voices = asked.flatMap((one, i) => {
        if (!one) return [];
        return [{ ...declared[i]!, features: one.model.features, top: one.run.topFeatures(row, count) }];
      });
      return salientFeatures(voices, count);
    };
  }

  /** The meta model reads answers, no features: it names none. */
  async #stack(plan: Stacking, members: readonly Heard[]): Promise<Answered> {
    const meta = this.line.metas.get(refOf(plan.meta));
    const key = meta?.key ?? '';
    const widths = plan.members.map(({ columns }) => columns);
    const { rows, absent } = stackable(plan, meta !== undefined, members, this.interval.symbols);
    const width = widths.reduce((sum, one) => sum + one, 0);
    const shape = { width, columns: CLASSES.length, distribution: true, missing: true };
    const batch = this.#batch(key, rows.length, shape);
    absent.forEach((reason, row) => batch.abstain(row, reason));
    await this.#pack(batch, rows, (i, into, offset) => {
      stackRow(members, widths, rows[i]!, into, offset);
      return true;
    });
    await this.#infer(key, batch);
    batch.release();
    const { probabilities, answered, abstentions } = batch;
    const engine = `${plan.method}/${this.tools.pool.engineOf(key)}`;
    return { probabilities, answered, abstentions, engine, topFeatures: () => [] };
  }

  #begun(): Moments {
    const { exchangeClosedAt, receivedAt } = this.interval;
    return { exchangeClosed: exchangeClosedAt, received: receivedAt, started: this.started };
  }

  #runOf(one: Serving, role: Role) {
    const { timeframe, openTime, symbols } = this.interval;
    const { name, version, weight, columns, classes, share } = one;
    const model: ModelRef = { name, version };
    const voting = votingRows({ name, role, share }, this.#voters, symbols);
    return { id: runId(model, timeframe, openTime), model, weight, role, voting, columns, classes };
  }
}

function answerOf({ probabilities, answered, abstentions }: Combined): Omit<Answered, 'engine' | 'topFeatures'> {
  return { probabilities, answered, abstentions };
}
