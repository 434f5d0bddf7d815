import { refOf } from '../domain/model.js';
import type { ModelRun, PredictionBatch } from '../domain/prediction.js';
import { signalId, type Because, type Signal } from '../domain/signal.js';
import { closeTimeOf, type Timeframe } from '../domain/timeframe.js';
import { holding, pointing, timeframesPointing, type Votes } from './agreement.js';
import { cooling, copyFor, type LastSignals } from './cooldown.js';
import { levelsOf } from './levels.js';
import type { Policy, Rejection } from './policy.js';
import { ensemble, sideOf, votes as hasVote } from './vote.js';

export const STRATEGY = 'ensemble-v1';
const TOP_FEATURES = 5;

/** What the strategy remembers from one batch to the next. Never written to: a decision returns the next one. */
export interface Memory {
  readonly votes: ReadonlyMap<Timeframe, Votes>;
  readonly last: ReadonlyMap<Timeframe, LastSignals>;
}

export const NOTHING: Memory = { votes: new Map(), last: new Map() };

export interface Decided {
  /** In row order. */
  readonly signals: readonly Signal[];
  /** Rows that became no signal, by reason; with the signals they add up to the rows of the batch. */
  readonly rejections: ReadonlyMap<Rejection, number>;
  readonly memory: Memory;
}

/** One decision at work: the batch, what is remembered, and the vote on every row. */
interface Bench {
  readonly batch: PredictionBatch;
  readonly policy: Policy;
  /** In the order of their ids, so that the order in which models were loaded changes nothing. */
  readonly runs: readonly ModelRun[];
  /** [rows × 3] short, flat, long. */
  readonly mean: Float64Array;
  readonly votes: Votes;
  readonly holding: readonly Votes[];
  readonly last: LastSignals;
}

/**
 * Predictions to signals: ensemble vote, thresholds, agreement across timeframes, cooldown, levels; in that order, and
 * a row leaves with the first reason that stops it. Same batch, policy and memory: same signals, to the bit.
 */
export function decide(batch: PredictionBatch, policy: Policy, memory: Memory): Decided {
  const runs = batch.runs.filter(({ voting }) => voting.includes(1)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const { timeframe, openTime, symbols } = batch;
  const votes: Votes = { timeframe, openTime, symbols, sides: new Int8Array(symbols.length) };
  const remembered = new Map(memory.votes).set(timeframe, votes);
  const last = copyFor(symbols, memory.last.get(timeframe));
  const bench: Bench = {
    batch,
    policy,
    runs,
    votes,
    last,
    mean: ensemble(runs, symbols.length),
    holding: holding(remembered, closeTimeOf(timeframe, openTime)),
  };

  const signals: Signal[] = [];
  const rejections = new Map<Rejection, number>();
  for (let row = 0; row < symbols.length; row++) {
    const outcome = decideRow(bench, row);
    if (typeof outcome === 'string') rejections.set(outcome, (rejections.get(outcome) ?? 0) + 1);
    else signals.push(outcome);
  }
  return { signals, rejections, memory: { votes: remembered, last: new Map(memory.last).set(timeframe, last) } };
}

/** Writes the row's vote, and the time of its signal, to the bench. */
function decideRow(bench: Bench, row: number): Signal | Rejection {
  const { batch, policy, mean, votes, last } = bench;
  const { timeframe, openTime } = batch;
  const side = sideOf(mean[row * 3]!, mean[row * 3 + 2]!, policy);
  if (typeof side === 'string') return side;
  votes.sides[row] = side;

  const symbol = batch.symbols[row]!;
  const agreeing = pointing(bench.holding, symbol, row, side);
  if (agreeing < policy.minAgreement) return 'NO_AGREEMENT';
  if (agreeing <= pointing(bench.holding, symbol, row, side === 1 ? -1 : 1)) return 'OPPOSED';

  const direction = side === 1 ? 'long' : 'short';
  if (cooling(last, row, direction, timeframe, openTime, policy.cooldownCandles)) return 'COOLDOWN';
  const levels = levelsOf(side, batch.close[row]!, batch.atr[row]!, policy);
  if (typeof levels === 'string') return levels;

  last[direction][row] = openTime;
  const because = becauseOf(bench, row, side);
  return {
    id: signalId(
      symbol,
      timeframe,
      openTime,
      STRATEGY,
      because.models.map(({ model }) => model),
    ),
    symbol,
    timeframe,
    openTime,
    decidedAt: closeTimeOf(timeframe, openTime),
    direction,
    confidence: Math.min(1, mean[row * 3 + 1 + side]!), // float32 softmax may exceed 1 in its last bit
    ...levels,
    strategy: STRATEGY,
    because,
  };
}

function becauseOf({ batch, runs, holding }: Bench, row: number, side: 1 | -1): Because {
  const symbol = batch.symbols[row]!;
  const voters = runs.filter((run) => hasVote(run, row));
  return {
    models: voters.map((run) => ({
      model: refOf(run.model),
      runId: run.id,
      weight: run.weight,
      probabilities: [run.probabilities[row * 3]!, run.probabilities[row * 3 + 1]!, run.probabilities[row * 3 + 2]!],
      topFeatures: run.topFeatures(row, TOP_FEATURES),
    })),
    agreeing: timeframesPointing(holding, symbol, row, side),
    opposing: timeframesPointing(holding, symbol, row, side === 1 ? -1 : 1),
  };
}
