import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Alert } from '../domain/alert.js';
import type { Activation } from '../domain/ensemble.js';
import { refOf, type ModelRef } from '../domain/model.js';
import { graphicsCard } from '../engines/graphics-card.service.js';
import { providersFor } from '../engines/provider.js';
import { Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { Outlet } from '../platform/outlet.js';
import { AdmissionService } from './admission/admission.service.js';
import { KnownVersions, type Known } from './admission/known-versions.service.js';
import { FeatureCatalogue } from './feature-catalogue.port.js';
import type { Act } from './lifecycle/acts.js';
import { Decisions } from './lifecycle/decisions.service.js';
import { LifecycleRefused } from './lifecycle/lifecycle-refused.js';
import { SERVICE, type ModelEvent } from './lifecycle/model-event.js';
import { arrange } from './memory/arrangement.js';
import { ModelMemory, type NotLoaded } from './memory/model-memory.service.js';
import { isLoaded, type Cause } from './memory/model-states.js';
import { TransitionJournal } from './memory/transition-journal.service.js';
import { TransitionLog } from './memory/transition.log.js';
import { findVersions, sweepImports, type Found } from './model-folders.service.js';
import { summaryOf, type ModelVersion, type ModelView, type RegistryStatus } from './model-status.js';
import type { Refusal } from './refusal-codes.js';
import { ModelWatch, type Noticed } from './watch/model-watch.service.js';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
/** One that is asked and not in memory comes back after this, so that two that crowd each other out do not do so all day. */
const RETURN_MS = 10_000;
const START: Cause = { code: 'START', text: 'the service started', who: SERVICE };
const NOTICED: Cause = { code: 'NOTICED', text: 'its folder appeared, changed or went', who: SERVICE };
const ROOM: Cause = { code: 'ROOM', text: 'what is in memory was arranged anew', who: SERVICE };

/** Who asks for an act, and why. */
export interface Asker {
  readonly who: string;
  readonly reason?: string | undefined;
  /** The version that the asker believes to serve, null for none; absent: the one that does when the act comes in. */
  readonly from?: string | null | undefined;
}

/**
 * Finds every model version under MODELS_DIR, has each judged (manifest and certificate here, the file itself in the
 * admission process) and hands on those that are to be in memory, each with its role. What is done to them on the command
 * line, over HTTP or in their folders is followed while it runs. States and their moves: memory/model-states.ts.
 */
@Injectable()
export class ModelRegistryService {
  readonly activations = new Outlet<readonly Activation[]>('activations');
  readonly #log = new Logger('ModelRegistry');
  readonly #directory: string;
  readonly #config: Settings['config'];
  readonly #known: KnownVersions;
  readonly #decisions: Decisions;
  readonly #memory: ModelMemory;
  readonly #watch: ModelWatch;
  readonly #transitions: TransitionLog;
  readonly #usedAt = new Map<string, number>();
  /** Swaps go one after another, and so do verdicts: a swap waits for no verdict. */
  #swapping: Promise<unknown> = Promise.resolve();
  #judging: Promise<unknown> = Promise.resolve();
  /** Acts that may have changed a folder. */
  readonly #touched: ModelEvent[] = [];
  #looking = false;
  #crowdedOut: ReadonlySet<string> = new Set();
  /** Epoch ms: everything is to be arranged anew then, whether anything is done or not. */
  #dueAt = Infinity;
  #loaded = false;
  #stopped = false;
  #trouble: string | undefined;

  constructor(
    settings: Settings,
    @Inject(FeatureCatalogue) private readonly features: FeatureCatalogue,
    private readonly admission: AdmissionService,
    private readonly clock: Clock,
    private readonly journal: TransitionJournal,
  ) {
    const { config, resolved } = settings;
    const { EXECUTION_PROVIDER: provider, MIXED_PRECISION_ENABLED: mixed } = config;
    const wishes = { provider, mixed, providers: providersFor(provider, graphicsCard()) };
    this.#config = config;
    this.#directory = resolved.modelsDir;
    this.#known = new KnownVersions(admission, { wishes, allowUncertified: config.ALLOW_UNCERTIFIED });
    this.#decisions = new Decisions(resolved.home, this.#known, clock, config.ROLLBACK_WINDOW_MINUTES * MINUTE);
    this.#memory = new ModelMemory(this.#known, clock, (models) => this.activations.emit(models));
    this.#watch = new ModelWatch(this.#directory, features, clock);
    this.#transitions = new TransitionLog(this.#known);
  }

  /** Load, judge, hand on. A refused model never stops it; with none left the service runs, but is not ready. */
  async load(): Promise<void> {
    await this.#decisions.catchUp();
    await sweepImports(this.#directory, this.clock.wallNow() - DAY);
    const found = await findVersions(this.#directory, this.features);
    this.#isTrouble(typeof found === 'string' ? found : undefined);
    await this.#take(typeof found === 'string' ? [] : found, START);
    this.#loaded = true;
  }

  /** Does what was decided elsewhere since, or has fallen due. */
  async follow(): Promise<void> {
    if (this.#stopped || !this.#loaded) return;
    void this.journal.flush();
    const due = this.clock.wallNow() >= this.#dueAt || (await this.#decisions.isBehind());
    if (due) await this.#inTurn(() => this.#arrange(ROOM));
    const found = await Promise.all(this.#touched.splice(0).map((model) => this.#watch.read(model)));
    const news = found.filter((one) => one !== undefined).filter((one) => this.#isNews(one));
    if (news.length > 0) await this.#take(news, NOTICED);
  }

  /** Looks for versions that appeared, changed or went. One that appears serves when somebody activates it, not before. */
  async look(): Promise<void> {
    if (this.#stopped || !this.#loaded || this.#looking) return;
    this.#looking = true;
    try {
      const { arrived, gone } = await this.#noticed();
      const news = arrived.filter((one) => this.#isNews(one));
      for (const one of news) if (!this.#known.of(one)) await this.#decisions.notice(one);
      for (const model of gone) this.#known.forget(model);
      if (news.length + gone.length > 0) await this.#take(news, NOTICED);
    } finally {
      this.#looking = false;
    }
  }

  /**
   * Does it, and resolves when it is done: what was activated serves from the next run on.
   * @throws LifecycleRefused where it cannot be done; nothing is changed then
   */
  async act(name: string, act: Act, { who, reason, from = this.#decisions.servingOf(name) }: Asker): Promise<void> {
    if (!this.#loaded) throw new LifecycleRefused({ code: 'NOT_READY', message: 'models are being loaded: try again' });
    const event = await this.#inTurn(async () => {
      const done = await this.#decisions.act({ name, act, who, reason, from });
      await this.#arrange(ROOM);
      return done;
    });
    const serves = this.#memory.stateOf(event) === 'active';
    if (serves || (event.action !== 'activate' && event.action !== 'rollback')) return;
    const known = this.#known.of(event);
    const why = known && this.#refusalOf(known);
    const message = `${refOf(event)} cannot serve: ${why ? `${why.code} ${why.message}` : 'it is gone'}`;
    throw new LifecycleRefused({ code: 'NOT_READY', message });
  }

  /** Withdraws a canary that an alert names, or returns from a version on probation to the one before. */
  async heed(alert: Alert): Promise<void> {
    if (!this.#loaded || this.#stopped) return;
    // Every version drifts on a simulated market: none was trained on it, and the one before would do no better.
    if (alert.code === 'DRIFT' && this.#config.EXCHANGE === 'simulator') return;
    try {
      await this.#inTurn(async () => {
        const done = await this.#decisions.heed(alert);
        if (!done) return;
        await this.#arrange(ROOM);
        this.#log.warn(`${done.action} of ${refOf(done)}, unasked: ${done.reason}. ${alert.message}`);
      });
    } catch (error) {
      if (!(error instanceof LifecycleRefused)) throw error;
      this.#log.warn(`nothing is done about ${alert.id}: ${error.code} ${error.message}`);
    }
  }

  /** What could not be loaded of what was handed on: to be said before `activations` resolves. */
  missed(notLoaded: readonly NotLoaded[]): void {
    this.#memory.missed(notLoaded);
  }

  /** Somebody asked this version: where memory is short, it stays rather than others that nobody asks. */
  used(model: ModelRef): void {
    const now = this.clock.wallNow();
    this.#usedAt.set(refOf(model), now);
    if (this.#memory.stateOf(model) === 'retired') this.#dueAt = Math.min(this.#dueAt, now + RETURN_MS);
  }

  status(): RegistryStatus {
    return summaryOf({
      enabled: this.#config.ONNX_ENABLED,
      loaded: this.#loaded,
      directory: this.#directory,
      trouble: this.#trouble,
      versions: this.#known.all.map((known) => this.#versionOf(known)),
    });
  }

  /** @returns undefined for a name that nothing lies under */
  view(name: string): ModelView | undefined {
    const versions = this.status().versions.filter((one) => one.name === name);
    if (versions.length === 0) return undefined;
    return {
      ...{ name, versions, serving: this.#decisions.servingOf(name), standing: this.#decisions.standingOf(name) },
      ...{ probation: this.#decisions.probationOf(name), acts: this.#decisions.eventsOf(name) },
    };
  }

  /** A load under way is given up: nothing is handed on any more. Resolves when every move is saved. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.admission.stop();
    await this.journal.flush();
  }

  /** Judges versions as they lie now, then arranges everything anew. */
  async #take(found: readonly Found[], cause: Cause): Promise<void> {
    const taken = this.#judging.then(async () => {
      this.#watch.take(found);
      await this.#judge(found, cause);
      await this.#inTurn(() => this.#arrange(cause));
    });
    this.#judging = taken.catch(() => undefined);
    await taken;
  }

  async #judge(found: readonly Found[], cause: Cause): Promise<void> {
    const enabled = this.#config.ONNX_ENABLED;
    const inMemory = (model: ModelRef) => isLoaded(this.#memory.stateOf(model));
    for (const one of found) {
      if (inMemory(one) || this.#memory.stateOf(one) === 'retiring') continue;
      this.#memory.move(one, 'registered', cause);
      if (!this.#known.faultOf(one)) this.#memory.move(one, enabled ? 'certifying' : 'disabled', cause);
    }
    this.#tell();
    if (enabled) await this.#known.judge(found, inMemory);
    else this.#known.keep(found);
  }

  /**
   * In turn: reads what was decided since, and brings into memory what belongs there, until nothing of it fails.
   * @param cause of a move that nobody's act explains
   */
  async #arrange(cause: Cause): Promise<void> {
    if (this.#stopped) return;
    this.#dueAt = 0; // at once again, should this fail
    const fresh = await this.#decisions.catchUp();
    this.#touched.push(...fresh.filter(({ action }) => action === 'import' || action === 'certify'));
    const causes = new Map(fresh.map((event) => [event.name, causeOf(event)]));
    try {
      while ((await this.#hold(({ name }) => causes.get(name) ?? cause)).length > 0);
    } finally {
      this.#tell();
    }
  }

  /** @returns what could not be loaded of it, and has failed */
  async #hold(causeOf: (model: ModelRef) => Cause): Promise<readonly NotLoaded[]> {
    const admitted = this.#known.admitted(this.#usedAt);
    const names = [...new Set(admitted.map(({ name }) => name))];
    const probations = names.flatMap((name) => {
      const probation = this.#decisions.probationOf(name);
      return probation ? [{ name, ...probation }] : [];
    });
    const { places, crowdedOut } = arrange(admitted, {
      decided: this.#decisions.standings,
      guards: new Map(probations.map(({ name, guard }) => [name, guard])),
      limit: this.#config.MODEL_CACHE_SIZE,
    });
    this.#crowdedOut = new Set(crowdedOut.map(refOf));
    const full: Cause = { code: 'CACHE_FULL', text: this.#noRoom(), who: SERVICE };
    const missed = await this.#memory.hold(places, (model) =>
      this.#crowdedOut.has(refOf(model)) ? full : causeOf(model),
    );
    this.#dueAt = Math.min(Infinity, ...probations.map(({ endsAt }) => endsAt));
    return missed;
  }

  /** What moved goes to the log and, beside everything, to the database. */
  #tell(): void {
    const moves = this.#memory.moves();
    for (const move of moves) this.#transitions.tell(move);
    this.journal.record(moves);
  }

  #versionOf(known: Known): ModelVersion {
    const { name, version, manifest, certificate, ensemble } = known.found;
    const place = this.#memory.placeOf(known.found);
    return {
      ...{ name, version, manifest, ensemble: ensemble?.manifest, certificate },
      ...{ verdict: known.verdict, refusal: this.#refusalOf(known) },
      ...{ state: this.#memory.stateOf(known.found)!, role: place?.role ?? null, share: place?.share ?? 0 },
    };
  }

  #refusalOf(known: Known): Refusal | undefined {
    if (known.refusal || !this.#crowdedOut.has(refOf(known.found))) return known.refusal;
    return { code: 'CACHE_FULL', message: this.#noRoom() };
  }

  #noRoom(): string {
    return `MODEL_CACHE_SIZE is ${this.#config.MODEL_CACHE_SIZE}, and as many models go before it`;
  }

  /** A directory that cannot be read has lost nothing: what is in memory serves on. */
  async #noticed(): Promise<Noticed> {
    try {
      const noticed = await this.#watch.look();
      this.#isTrouble(undefined);
      return noticed;
    } catch (error) {
      this.#isTrouble(`MODELS_DIR ${this.#directory} cannot be read (${(error as Error).message})`);
      return { arrived: [], gone: [] };
    }
  }

  #isNews(found: Found): boolean {
    return this.#known.of(found)?.found.fingerprint !== found.fingerprint;
  }

  #isTrouble(trouble: string | undefined): void {
    if (trouble !== undefined && trouble !== this.#trouble) this.#log.error(trouble);
    this.#trouble = trouble;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#swapping.then(work);
    this.#swapping = done.catch(() => undefined);
    return done;
  }
}

function causeOf({ action, version, who, reason }: ModelEvent): Cause {
  return { code: action.toUpperCase(), text: reason ?? `${action} of ${version}`, who };
}
