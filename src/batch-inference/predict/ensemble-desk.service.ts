import { Injectable } from '@nestjs/common';
import {
  isEnsemble,
  membersOf,
  type ActiveEnsemble,
  type Activation,
  type EnsemblePlan,
  type Stacking,
} from '../../domain/ensemble.js';
import { CLASSES, type ActiveModel, type ModelRef } from '../../domain/model.js';
import type { Pair } from '../../domain/pair.js';
import { stackRow } from '../../engines/ensembles/stacked-rows.js';
import { Clock } from '../../platform/clock.js';
import { AdHocService } from '../ad-hoc/ad-hoc.service.js';
import type { LatestRows } from '../ad-hoc/latest-rows.js';
import { FLOATS } from '../ad-hoc/pending.js';
import { pickVersion } from '../ad-hoc/pick-version.js';
import { BatchInferenceService } from '../batch-inference.service.js';
import { combineGate, combineVote, stackable, type Combined, type Heard } from '../ensemble/combine.js';
import { spread } from '../ensemble/spread.js';
import type { SeriesRows } from './predict-answer.js';
import { PredictDesk, type Question } from './predict-desk.service.js';
import { answeredOf, type Answered } from './predict-refusals.js';
import type { SeriesAsked } from './predict-request.js';

/** Series that somebody asks an ensemble about. */
export type SeriesQuestion = SeriesAsked & Pick<Question, 'arrived' | 'timeoutMs' | 'signal'>;

/** As a model's answer to the rows of the symbols that have one. */
export type EnsembleAnswer = Pick<Answered, 'engine' | 'output' | 'queueMs' | 'inferenceMs'> & {
  readonly series: SeriesRows;
};

/** A member's rows, and what it said of them. */
interface Asked {
  readonly latest: LatestRows;
  readonly heard: Heard;
  readonly queueMs: number;
}

/** What came of them, and by what. */
interface Made {
  readonly engine: string;
  readonly combined: Combined;
}

/** Asks ensembles beside the trading path: each member about the newest rows, and answers out of theirs by the plan. */
@Injectable()
export class EnsembleDesk {
  constructor(
    private readonly clock: Clock,
    private readonly adHoc: AdHocService,
    private readonly inference: BatchInferenceService,
    private readonly desk: PredictDesk,
  ) {}

  /** @returns the ensemble that is meant; undefined where it is a model, or nothing that is loaded */
  find(name: string, version?: string): ActiveEnsemble | undefined {
    const all: readonly Activation[] = [...this.inference.models(), ...this.inference.ensembles()];
    const found = pickVersion(all, name, version);
    return found && isEnsemble(found) ? found : undefined;
  }

  /**
   * All members read the series at the same moment. One that is not loaded or whose engine fails is missing from the answer, as
   * in a run.
   * @throws RequestRefused where a member is not answered in time or turned away
   */
  async ask({ ensemble: plan }: ActiveEnsemble, question: SeriesQuestion): Promise<EnsembleAnswer> {
    const began = this.clock.wallNow();
    const asked = await Promise.all(membersOf(plan).map((ref) => this.#hear(ref, question)));
    const heard = asked.map((one) => one?.heard);
    const { engine, combined } = await this.#combine(plan, heard, question);
    const queueMs = Math.max(...asked.map((one) => one?.queueMs ?? 0));
    const inferenceMs = Math.max(0, this.clock.wallNow() - began - queueMs);
    return { engine, queueMs, inferenceMs, ...packed(combined, question.symbols, asked) };
  }

  async #hear({ name, version }: ModelRef, question: SeriesQuestion): Promise<Asked | undefined> {
    const model = this.adHoc.find(name, version);
    if (!model) return undefined;
    const { timeframe, symbols } = question;
    const latest = this.adHoc.latestRows(model, timeframe, symbols);
    const said = await this.#ask(model, latest, question);
    const heard = spread({ output: said?.output, absent: latest.absent }, model, symbols);
    return { latest, heard, queueMs: said?.queueMs ?? 0 };
  }

  async #combine(plan: EnsemblePlan, heard: readonly Heard[], question: SeriesQuestion): Promise<Made> {
    const { symbols } = question;
    if (plan.method === 'stacking') return this.#stack(plan, heard, question);
    if (plan.method === 'weighted_vote') return { engine: plan.method, combined: combineVote(plan, heard, symbols) };
    const [gate, ...members] = heard;
    return { engine: plan.method, combined: combineGate(plan, gate, members, symbols) };
  }

  async #stack(plan: Stacking, members: readonly Heard[], question: SeriesQuestion): Promise<Made> {
    const { symbols } = question;
    const meta = this.adHoc.find(plan.meta.name, plan.meta.version);
    const { rows, absent } = stackable(plan, meta !== undefined, members, symbols);
    const reasons = new Map([...absent].map(([row, reason]) => [symbols[row]!, reason] as const));
    const widths = plan.members.map(({ columns }) => columns);
    const width = widths.reduce((sum, one) => sum + one, 0);
    const input = new FLOATS[meta?.dtype.input ?? 'float32'](rows.length * width);
    rows.forEach((row, i) => stackRow(members, widths, row, input, i * width));
    const said = meta && (await this.#ask(meta, { rows: rows.length, input }, question));
    const shape = { columns: CLASSES.length, classes: CLASSES };
    const combined = spread({ output: said?.output, absent: reasons }, shape, symbols);
    return { engine: said ? `${plan.method}/${said.engine}` : plan.method, combined };
  }

  /** @returns undefined where there is nothing to ask, or the engine failed */
  async #ask(
    model: ActiveModel,
    { rows, input }: Pick<LatestRows, 'rows' | 'input'>,
    { arrived, timeoutMs, signal }: SeriesQuestion,
  ): Promise<Answered | undefined> {
    if (rows === 0) return undefined;
    const answer = await this.desk.try({ model, rows, input, arrived, timeoutMs, signal });
    return !answer.answered && answer.code === 'ENGINE_FAILED' ? undefined : answeredOf(answer);
  }
}

/** @returns the symbols that have an answer, with it, and the others, each with its reason */
function packed(
  { probabilities, answered, abstentions, columns }: Combined,
  symbols: readonly Pair[],
  asked: readonly (Asked | undefined)[],
): Pick<EnsembleAnswer, 'output' | 'series'> {
  const opened = new Map(
    asked.flatMap((one) => one?.latest.packed.map((symbol, i) => [symbol, one.latest.openTimes[i]!] as const) ?? []),
  );
  const rows = symbols.flatMap((_, row) => (answered[row] === 1 ? [row] : []));
  const output = new Float32Array(rows.length * columns);
  rows.forEach((row, i) => output.set(probabilities.subarray(row * columns, (row + 1) * columns), i * columns));
  const named = rows.map((row) => symbols[row]!);
  return {
    output,
    series: { packed: named, openTimes: named.map((symbol) => opened.get(symbol)!), absent: abstentions },
  };
}
