import type { ActiveModel, ModelRef, Serving } from './model.js';

/** How the answers of several versions become one. */
export const METHODS = [
  'weighted_vote', // the mean of the members' class probabilities, by their weights
  'stacking', // a meta model reads the members' answers as its columns
  'regime_gate', // a gate model says which regime a row is in; that regime's member answers
] as const;
export type Method = (typeof METHODS)[number];

export interface WeightedVote {
  readonly method: 'weighted_vote';
  /** Each answers short, flat, long. */
  readonly members: readonly (ModelRef & { readonly weight: number })[];
  /** A row with fewer answers abstains; with more, the weights of those that answered count. All: none may fail. */
  readonly minMembers: number;
}

export interface Stacking {
  readonly method: 'stacking';
  /** In the order in which the meta model reads their answers, so many columns of each. */
  readonly members: readonly (ModelRef & { readonly columns: number })[];
  readonly meta: ModelRef;
  /** A row with fewer answers abstains; with more, the meta model reads NaN for those that are missing. */
  readonly minMembers: number;
}

export interface RegimeGate {
  readonly method: 'regime_gate';
  readonly gate: ModelRef;
  /** In the order of the gate's columns. */
  readonly regimes: readonly string[];
  /** Each answers short, flat, long in its regime. */
  readonly members: readonly (ModelRef & { readonly regime: string })[];
}

/** What an ensemble does in a run. */
export type EnsemblePlan = WeightedVote | Stacking | RegimeGate;

/** A version without a file of its own: it answers out of what others answer, as its plan says. */
export interface ActiveEnsemble extends Serving {
  readonly ensemble: EnsemblePlan;
}

/** What the registry hands on. The versions that an ensemble names are handed on with it. */
export type Activation = ActiveModel | ActiveEnsemble;

export function isEnsemble(one: Activation): one is ActiveEnsemble {
  return 'ensemble' in one;
}

/** @returns those that have a file of their own */
export function modelsIn(activations: readonly Activation[]): readonly ActiveModel[] {
  return activations.flatMap((one) => (isEnsemble(one) ? [] : [one]));
}

/** @returns the versions that answer the rows of an interval for it, the gate first; its meta model reads those answers */
export function membersOf(plan: EnsemblePlan): readonly ModelRef[] {
  return plan.method === 'regime_gate' ? [plan.gate, ...plan.members] : plan.members;
}

/** @returns every version that it cannot be served without */
export function partsOf(plan: EnsemblePlan): readonly ModelRef[] {
  return plan.method === 'stacking' ? [...plan.members, plan.meta] : membersOf(plan);
}
