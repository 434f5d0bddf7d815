import type { Alert } from '../../domain/alert.js';
import { refOf, type ModelRef } from '../../domain/model.js';
import type { Clock } from '../../platform/clock.js';
import type { Known, KnownVersions } from '../admission/known-versions.service.js';
import { ensembleOf } from '../ensemble/ensemble-manifest.js';
import { declarationOf } from '../model-folders.service.js';
import { judgeAct, type Asked, type Circumstances } from './acts.js';
import { servingOf } from '../memory/arrangement.js';
import { answerTo, reasonOf, type Situation } from './automatic-act.js';
import { LifecycleLog } from './lifecycle-log.service.js';
import { LifecycleRefused } from './lifecycle-refused.js';
import { SERVICE, type ModelEvent } from './model-event.js';
import { probationOf, type Probation } from './probation.js';
import { standings, UNDECIDED, type Standing } from './standing.js';

/** What was decided about the known versions: the lifecycle log as it was last read, and what the service adds to it. */
export class Decisions {
  readonly #log: LifecycleLog;
  #events: readonly ModelEvent[] = [];
  #standings: ReadonlyMap<string, Standing> = new Map();
  #size = -1;

  /** @param windowMs how long an activation is on probation */
  constructor(
    home: string,
    private readonly known: KnownVersions,
    private readonly clock: Clock,
    private readonly windowMs: number,
  ) {
    this.#log = new LifecycleLog(home);
  }

  get standings(): ReadonlyMap<string, Standing> {
    return this.#standings;
  }

  async isBehind(): Promise<boolean> {
    return (await this.#log.size()) !== this.#size;
  }

  /** @returns what the log has gained since it was last read @throws LifecycleLogInvalid */
  async catchUp(): Promise<readonly ModelEvent[]> {
    const size = await this.#log.size();
    if (size === this.#size) return [];
    this.#size = size;
    const events = await this.#log.read();
    const fresh = events.slice(this.#events.length);
    this.#events = events;
    this.#standings = standings(events);
    return fresh;
  }

  /** @throws LifecycleRefused where the log, as it is now, or what is known of the versions does not allow it */
  async act(asked: Omit<Asked, 'at'>): Promise<ModelEvent> {
    const decided = await this.#log.append((events) =>
      judgeAct({ ...asked, at: this.#now() }, this.#circumstances(asked.name, events)),
    );
    if ('code' in decided) throw new LifecycleRefused(decided);
    return decided;
  }

  /** Withdraws or rolls back what an alert tells of. @returns what was done, undefined where nothing is to be done */
  async heed(alert: Alert): Promise<ModelEvent | undefined> {
    if (!alert.model) return undefined;
    const { name } = alert.model;
    const situation = this.#situation(name);
    const act = answerTo(alert, situation);
    return act && this.act({ name, act, who: SERVICE, reason: reasonOf(alert), from: situation.serving });
  }

  /** A version was put in its place by hand. In a name that nobody decided about, what serves is decided from now on. */
  async notice({ name, version }: ModelRef): Promise<void> {
    if (this.standingOf(name).choice !== 'newest') return;
    const event = { at: this.#now(), who: SERVICE, action: 'notice', name, version } as const;
    await this.#log.append((events) => ({ ...event, from: this.#circumstances(name, events).serving }));
  }

  standingOf(name: string): Standing {
    return this.#standings.get(name) ?? UNDECIDED;
  }

  /** @returns the version that serves, as far as it was decided: room may be short */
  servingOf(name: string): string | null {
    return this.#servingOf(name, this.standingOf(name));
  }

  eventsOf(name: string): readonly ModelEvent[] {
    return this.#events.filter((event) => event.name === name);
  }

  probationOf(name: string): Probation | undefined {
    const { standing, serving, now, windowMs } = this.#situation(name);
    return probationOf(standing, serving, now, windowMs);
  }

  #situation(name: string): Situation {
    const standing = this.standingOf(name);
    const serving = this.#servingOf(name, standing);
    return { standing, serving, now: this.clock.wallNow(), windowMs: this.windowMs };
  }

  #circumstances(name: string, events: readonly ModelEvent[]): Circumstances {
    const standing = standings(events).get(name) ?? UNDECIDED;
    const all = this.known.all.map(({ found }) => found);
    const known = this.known.all.filter(({ found }) => found.name === name);
    const versions = known.map((one) => {
      const whole = ensembleOf(one.found, all);
      return { ...fitness(one), partOf: whole && refOf(whole) };
    });
    return { standing, serving: this.#servingOf(name, standing), versions };
  }

  #servingOf(name: string, standing: Standing): string | null {
    const tradable = this.known.all.filter((known) => fitness(known).unfit === undefined && fitness(known).trades);
    const versions = tradable.map(({ found }) => ({ name: found.name, version: found.version }));
    return servingOf(versions, name, standing)?.version ?? null;
  }

  #now(): string {
    return new Date(this.clock.wallNow()).toISOString();
  }
}

function fitness({ found, verdict, ensemble, refusal }: Known): Circumstances['versions'][number] {
  const { version } = found;
  const waiting = verdict?.chosen || ensemble ? undefined : `${refOf(found)} is not judged yet`;
  return {
    version,
    trades: (declarationOf(found)?.timeframes.length ?? 0) > 0,
    unfit: refusal ? `${refusal.code} ${refusal.message}` : waiting,
  };
}
