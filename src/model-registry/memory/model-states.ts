import { refOf, type ModelRef } from '../../domain/model.js';

/**
 * registered  complete on disk, not judged yet
 * certifying  the admission process has it
 * warming     it is being loaded and warmed in every worker
 * ready       loaded and warm: standby, shadow, canary or member, as its role says
 * active      it serves
 * retiring    it leaves memory: runs that began with it end first
 * retired     admitted, and not in memory
 * failed      it may not serve: see its refusal
 * disabled    ONNX_ENABLED=false: nothing is judged, nothing is loaded
 */
export const MODEL_STATES = [
  'registered',
  'certifying',
  'warming',
  'ready',
  'active',
  'retiring',
  'retired',
  'failed',
  'disabled',
] as const;
export type ModelState = (typeof MODEL_STATES)[number];

/** Every legal move of a version's life. What is absent cannot happen. */
export const NEXT = {
  registered: ['certifying', 'failed', 'disabled'],
  certifying: ['warming', 'retired', 'failed', 'registered'], // registered, here and below: its files changed
  warming: ['ready', 'retiring', 'failed'],
  ready: ['active', 'retiring'],
  active: ['ready', 'retiring'],
  retiring: ['retired', 'failed'],
  retired: ['warming', 'registered', 'failed'],
  failed: ['registered'],
  disabled: ['registered'],
} as const satisfies Record<ModelState, readonly ModelState[]>;

/** Why a version moved. Codes are stable: an act, a refusal, or one of the service's own. */
export interface Cause {
  readonly code: string;
  readonly text: string;
  readonly who: string;
}

export interface Transition extends ModelRef, Cause {
  /** null: it was not known before. */
  readonly from: ModelState | null;
  readonly to: ModelState;
  /** Wall time, epoch ms. */
  readonly at: number;
}

/** A move that the table does not have: a bug. */
export class ImpossibleTransition extends Error {}

/** In memory, or on the way there. */
export function isLoaded(state: ModelState | undefined): boolean {
  return state === 'warming' || state === 'ready' || state === 'active';
}

/** Where every version stands, and each move since they were last taken. */
export class Lives {
  readonly #states = new Map<string, { readonly model: ModelRef; readonly state: ModelState }>();
  readonly #moves: Transition[] = [];

  get all(): readonly ModelRef[] {
    return [...this.#states.values()].map(({ model }) => model);
  }

  stateOf(model: ModelRef): ModelState | undefined {
    return this.#states.get(refOf(model))?.state;
  }

  /** @param at wall time, epoch ms @throws ImpossibleTransition */
  move({ name, version }: ModelRef, to: ModelState, { code, text, who }: Cause, at: number): void {
    const model = { name, version };
    const from = this.stateOf(model) ?? null;
    const legal = from === null ? to === 'registered' : (NEXT[from] as readonly ModelState[]).includes(to);
    if (!legal) throw new ImpossibleTransition(`${refOf(model)} is ${from ?? 'unknown'}: it cannot become ${to}`);
    this.#states.set(refOf(model), { model, state: to });
    this.#moves.push({ ...model, from, to, code, text, who, at });
  }

  /** Its folder is gone. */
  forget(model: ModelRef): void {
    this.#states.delete(refOf(model));
  }

  /** @returns the moves since the last call, oldest first */
  take(): readonly Transition[] {
    return this.#moves.splice(0);
  }
}
