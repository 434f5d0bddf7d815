import { isEnsemble, type Activation } from '../../domain/ensemble.js';
import { refOf, type ModelRef } from '../../domain/model.js';
import type { Role } from '../../domain/role.js';
import type { Clock } from '../../platform/clock.js';
import type { Admitted, KnownVersions } from '../admission/known-versions.service.js';
import type { Refusal } from '../refusal-codes.js';
import type { Place } from './arrangement.js';
import { SERVICE } from '../lifecycle/model-event.js';
import { isLoaded, Lives, type Cause, type ModelState, type Transition } from './model-states.js';

/** A version that the workers could not load, `name@version`, and why. */
export interface NotLoaded {
  readonly model: string;
  readonly reason: string;
}

const LOADED: Cause = { code: 'LOADED', text: 'loaded and warm in every worker', who: SERVICE };
const REMOVED: Cause = { code: 'REMOVED', text: 'its folder is gone', who: SERVICE };

/** Which versions are in memory and what each does there; every move of their lives goes through here. */
export class ModelMemory {
  readonly #lives = new Lives();
  #places: ReadonlyMap<string, Place<Admitted>> = new Map();
  #handedOn: string | undefined;
  #notLoaded: readonly NotLoaded[] = [];

  /** @param handOn resolves when exactly these are loaded and serve as their roles say */
  constructor(
    private readonly known: KnownVersions,
    private readonly clock: Clock,
    private readonly handOn: (activations: readonly Activation[]) => Promise<void>,
  ) {}

  stateOf(model: ModelRef): ModelState | undefined {
    return this.#lives.stateOf(model);
  }

  /** What a version in memory does there. */
  placeOf(model: ModelRef): Place<Admitted> | undefined {
    return isLoaded(this.stateOf(model)) ? this.#places.get(refOf(model)) : undefined;
  }

  move(model: ModelRef, to: ModelState, cause: Cause): void {
    this.#lives.move(model, to, cause, this.clock.wallNow());
  }

  /** @returns the moves since the last call, oldest first */
  moves(): readonly Transition[] {
    return this.#lives.take();
  }

  /** What could not be loaded of what was handed on. */
  missed(notLoaded: readonly NotLoaded[]): void {
    this.#notLoaded = notLoaded;
  }

  /**
   * Makes exactly these the versions in memory: loads what is missing, swaps, drops the rest.
   * @param causeOf why a version moves, where it is not for a fault of its own
   * @returns what could not be loaded: it has failed, and everything is to be arranged anew without it
   */
  async hold(places: readonly Place<Admitted>[], causeOf: (model: ModelRef) => Cause): Promise<readonly NotLoaded[]> {
    const wanted = new Map(places.map((place) => [refOf(place.model), place]));
    this.#comeBack(causeOf);
    for (const { model } of places) {
      if (!isLoaded(this.stateOf(model))) this.move(model, 'warming', causeOf(model));
    }
    for (const model of this.#lives.all) {
      const leaves = isLoaded(this.stateOf(model)) && !wanted.has(refOf(model));
      if (leaves) this.move(model, 'retiring', this.#whyNot(model) ?? causeOf(model));
    }
    await this.#swap(places);
    this.#places = wanted;
    const missed = this.#notLoaded.filter(({ model }) => wanted.has(model));
    const isMissed = ({ model }: Place<Admitted>) => missed.some((one) => one.model === refOf(model));
    for (const model of this.#lives.all) if (!wanted.has(refOf(model))) this.#settleOut(model, causeOf(model));
    const loaded = places.filter((place) => !isMissed(place));
    // Who stops serving does so before another begins: of a name, one version is active at a time.
    for (const { model, role } of loaded.toReversed()) this.#settleIn(model, role, causeOf(model));
    for (const { model, reason } of missed) this.#miss(wanted.get(model)!.model, reason);
    return missed;
  }

  /** An ensemble that failed for one of its members has failed no longer than that one. */
  #comeBack(causeOf: (model: ModelRef) => Cause): void {
    const back = this.#lives.all.filter((model) => this.stateOf(model) === 'failed' && !this.#whyNot(model));
    for (const model of back) {
      this.move(model, 'registered', causeOf(model));
      this.move(model, 'certifying', causeOf(model));
    }
  }

  async #swap(places: readonly Place<Admitted>[]): Promise<void> {
    const models = places.map(({ model: { model }, role, share }): Activation => ({ ...model, role, share }));
    const handedOn = JSON.stringify(models.map(identityOf));
    if (handedOn === this.#handedOn) return;
    this.#handedOn = undefined;
    this.#notLoaded = [];
    await this.handOn(models);
    this.#handedOn = handedOn;
  }

  #settleIn(model: ModelRef, role: Role, cause: Cause): void {
    if (this.stateOf(model) === 'warming') this.move(model, 'ready', LOADED);
    const state = this.stateOf(model);
    if (state === 'ready' && role === 'active') this.move(model, 'active', cause);
    if (state === 'active' && role !== 'active') this.move(model, 'ready', cause);
  }

  #settleOut(model: ModelRef, cause: Cause): void {
    const state = this.stateOf(model);
    const known = this.known.of(model);
    const fault = this.#whyNot(model);
    if (!known) {
      if (state === 'retiring') this.move(model, 'retired', REMOVED);
      this.#lives.forget(model);
    } else if (fault) {
      if (state !== 'failed') this.move(model, 'failed', fault);
    } else if (state === 'retiring' || (state === 'certifying' && (known.verdict || known.ensemble)))
      this.move(model, 'retired', cause);
  }

  #miss(model: ModelRef, reason: string): void {
    const refusal: Refusal = { code: 'LOAD_FAILED', message: `the workers cannot load it: ${reason}` };
    this.known.refuse(refOf(model), refusal);
    const cause = faultOf(refusal);
    if (this.stateOf(model) !== 'warming') this.move(model, 'retiring', cause);
    this.move(model, 'failed', cause);
  }

  /** Why it may not be in memory. */
  #whyNot(model: ModelRef): Cause | undefined {
    const known = this.known.of(model);
    if (!known) return REMOVED;
    return known.refusal && faultOf(known.refusal);
  }
}

/** Another way of running it, or another plan, is another thing to hand on. */
function identityOf(one: Activation): unknown {
  const { name, version, role, share } = one;
  return [name, version, role, share, ...(isEnsemble(one) ? [one.ensemble] : [one.file, one.variant])];
}

function faultOf({ code, message }: Refusal): Cause {
  return { code, text: message, who: SERVICE };
}
