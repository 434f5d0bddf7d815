import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AdHocCode } from '../src/domain/ad-hoc.js';
import { refOf, variantLabel, type ActiveModel } from '../src/domain/model.js';
import type { Role } from '../src/domain/role.js';
import { CandlePath, TIMEFRAME, walksOf } from './candle-path.js';
import { shippedModels } from './models.js';
import type { RandomWalk } from './random-walk.js';
import { quantile, ratio, round, type BenchReport, type Ratio } from './report.js';
import { RunTally } from './run-tally.js';

const SYMBOLS = 100;
const RUNS = 10_000;
/** The first and the last of the runs over which memory is compared, a thousand each. */
const EARLY = 1_000;
const LATE = RUNS - 1_000;
/** Of the runs over which memory is compared, those between two pauses for the database, in which it is read. */
const RUNS_A_PAUSE = 100;
const SWAP_EVERY_MS = 1_000;
const ROLLBACKS = 100;
const NAMES = ['gbt', 'tcn'] as const;
const VERSIONS = ['1.0.0', '1.0.1'] as const;
const CLIENTS = 4;
const ROWS_ASKED = 8;
const MIB = 2 ** 20;

const METHOD =
  `The service's own classes, one worker, ${SYMBOLS} symbols of one timeframe that close again as soon as a run is handed on,
saved to a durable PostgreSQL beside the path; ${CLIENTS} clients ask for ${ROWS_ASKED} rows ad hoc, each again 1 ms after
its answer. ${NAMES.join(' and ')} as shipped, under two versions each: in ${RUNS} runs the other version of both is adopted
a second after the last adoption, loaded and warmed anew, and the one before dropped. Lost is a symbol without an answer of
either model, on the path or in the database; mixed is a run that is not answered by both models in one version. Memory is
the process's resident set, threads included and PostgreSQL not, read every ${RUNS_A_PAUSE} runs once the main thread's
garbage is collected; flat: the median of runs ${LATE + 1} to ${RUNS} is at most 5 % above that of runs ${EARLY + 1} to
${2 * EARLY}. Then ${ROLLBACKS} rollbacks under the same load, the version before in memory on standby: from the call until
the next run that it answers is handed on, the run in flight included. What the registry does before it calls is not in it.`.replaceAll(
    '\n',
    ' ',
  );

/** Both models in the version that votes; with it, where there is to be one, the version before, hot. */
type Versions = (active: number, standby?: number) => readonly ActiveModel[];

function shippedVersions(): Versions {
  const shipped = shippedModels('served').filter(({ name }) => NAMES.some((one) => one === name));
  const as = (version: number, role: Role): ActiveModel[] =>
    shipped.map((model) => ({ ...model, version: VERSIONS[version]!, role, timeframes: [TIMEFRAME] }));
  return (active, standby) => [...as(active, 'active'), ...(standby === undefined ? [] : as(standby, 'standby'))];
}

/** Of the main thread: how much lies about until V8 collects by itself says nothing of what is kept. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** A rollback that no run has answered for yet. */
interface Awaited {
  readonly version: string;
  readonly since: number;
  answered(ms: number): void;
}

/** Candles that close without a pause, and clients that ask beside them, until it is told to stop. */
class Load {
  readonly tally = new RunTally(NAMES);
  /** What each run took, candles → handed on, ms. */
  readonly took: number[] = [];
  /** Resident memory of the process after so many runs, bytes. */
  readonly memory: { readonly runs: number; readonly rss: number }[] = [];
  /** What became of the ad hoc requests. */
  readonly asked = new Map<'ANSWERED' | AdHocCode, number>();
  #awaited: Awaited | undefined;
  #stopped = false;
  #going: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly path: CandlePath,
    private readonly walks: readonly RandomWalk[],
  ) {}

  start(): void {
    const clients = Array.from({ length: CLIENTS }, (_, i) => this.#ask(NAMES[i % NAMES.length]!));
    this.#going = Promise.all([this.#close(), ...clients]);
  }

  /** @throws what went wrong since it started */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#going;
    await this.path.saved();
  }

  async reaches(runs: number): Promise<void> {
    while (this.tally.runs < runs) await Promise.race([this.#going, sleep(10)]);
  }

  /** @returns when a run is handed on that the version answered, ms from now */
  answeredBy(version: string): Promise<number> {
    return new Promise((answered) => {
      this.#awaited = { version, since: performance.now(), answered };
    });
  }

  async #close(): Promise<void> {
    while (!this.#stopped) {
      const { ms, batch } = await this.path.close(this.walks.map((walk) => walk.next()));
      this.took.push(ms);
      this.tally.take(batch);
      const { version, since, answered } = this.#awaited ?? {};
      if (since !== undefined && batch.runs.every(({ model }) => model.version === version)) {
        this.#awaited = undefined;
        answered?.(performance.now() - since);
      }
      if (this.tally.runs > RUNS || this.tally.runs % RUNS_A_PAUSE > 0) continue;
      await this.path.saved();
      collectGarbage();
      this.memory.push({ runs: this.tally.runs, rss: process.memoryUsage.rss() });
    }
  }

  async #ask(name: string): Promise<void> {
    const { features, window } = this.path.adHoc.find(name)!;
    const width = features.length * window;
    const input = Float32Array.from({ length: ROWS_ASKED * width }, (_, i) => features[i % features.length]!.mean);
    while (!this.#stopped) {
      const answer = await this.path.adHoc.predict({ name, rows: ROWS_ASKED, input, timeoutMs: 100 });
      const outcome = answer.answered ? 'ANSWERED' : answer.code;
      this.asked.set(outcome, (this.asked.get(outcome) ?? 0) + 1);
      await sleep(answer.answered ? 1 : (answer.retryAfterMs ?? 1));
    }
  }
}

interface Swaps {
  /** From the call until the next run may use it, loading included, ms. */
  readonly adoptions: readonly number[];
  /** From the call until a run of the version before is handed on, ms. */
  readonly rollbacks: readonly number[];
  /** Of it, the call itself. */
  readonly calls: readonly number[];
}

/** Another version while the service runs: what is lost, what grows, and how long the way back takes. */
export default async function swap(): Promise<BenchReport> {
  const versions = shippedVersions();
  const path = await CandlePath.start();
  try {
    await path.adopt(versions(0));
    const walks = walksOf(SYMBOLS);
    await path.warmUp(walks);
    const load = new Load(path, walks);
    load.start();
    const adoptions = await swapUntil(load, path, versions);
    const rollbacks = await rollBack(load, path, versions);
    await load.stop();
    const unsaved = load.tally.expected - load.tally.lost - (await path.inDatabase()).answers;
    const ratios = judge(load, unsaved, rollbacks);
    const engines = versions(0).map((model) => `${refOf(model)} (${variantLabel(model.variant)})`);
    const table = rowsOf(load, path, { adoptions, ...rollbacks });
    return { name: 'swap', method: `${METHOD} Models: ${engines.join(' and ')}.`, table, ratios };
  } finally {
    await path.stop();
  }
}

/** @returns what each adoption took, ms */
async function swapUntil(load: Load, path: CandlePath, versions: Versions): Promise<number[]> {
  const took: number[] = [];
  const reached = load.reaches(RUNS).then(() => true);
  for (let i = 1; !(await Promise.race([reached, sleep(SWAP_EVERY_MS, false)])); i += 1) {
    const began = performance.now();
    await path.adopt(versions(i % VERSIONS.length));
    took.push(performance.now() - began);
  }
  return took;
}

async function rollBack(load: Load, path: CandlePath, versions: Versions): Promise<Pick<Swaps, 'rollbacks' | 'calls'>> {
  const [rollbacks, calls]: [number[], number[]] = [[], []];
  await path.adopt(versions(0, 1));
  await load.answeredBy(VERSIONS[0]);
  for (let i = 1; i <= ROLLBACKS; i += 1) {
    await sleep(20 + ((i * 7) % 30)); // at another moment of a run each time
    const back = i % VERSIONS.length;
    const models = versions(back, 1 - back);
    const answered = load.answeredBy(VERSIONS[back]!);
    const began = performance.now();
    await path.adopt(models);
    calls.push(performance.now() - began);
    rollbacks.push(await answered);
  }
  return { rollbacks, calls };
}

/** @returns the median over runs `after` + 1 to `upTo`, MiB */
function memoryOf({ memory }: Load, after: number, upTo: number): number {
  const window = memory.filter(({ runs }) => runs > after && runs <= upTo);
  return (
    quantile(
      window.map(({ rss }) => rss),
      0.5,
    ) / MIB
  );
}

function rowsOf(
  load: Load,
  path: CandlePath,
  { adoptions, rollbacks, calls }: Swaps,
): Record<string, string | number>[] {
  const times = (samples: readonly number[]) => {
    const [p50, p99, most] = [0.5, 0.99, 1].map((q) => round(quantile(samples, q)));
    return { 'ms p50': p50!, 'ms p99': p99!, 'ms most': most! };
  };
  const workers = path.workers();
  const [early, late] = [memoryOf(load, EARLY, 2 * EARLY), memoryOf(load, LATE, RUNS)];
  const asked = [...load.asked].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  return [
    { what: 'rollbacks, call → handed on by the version before', count: rollbacks.length, ...times(rollbacks) },
    { what: 'of that, the call', count: calls.length, ...times(calls) },
    { what: 'adoptions of a version that is loaded and warmed first', count: adoptions.length, ...times(adoptions) },
    { what: 'runs, candles closed → handed on', count: load.tally.runs, ...times(load.took) },
    {
      what: `ad hoc requests of ${ROWS_ASKED} rows: ${asked}`,
      count: [...load.asked.values()].reduce((a, b) => a + b, 0),
    },
    { what: `memory, MiB, runs ${EARLY + 1} to ${2 * EARLY}`, count: round(early, 1) },
    { what: `memory, MiB, runs ${LATE + 1} to ${RUNS}`, count: round(late, 1) },
    { what: `memory grew, MiB: ${late <= 1.05 * early ? 'flat' : 'not flat'}`, count: round(late - early, 1) },
    { what: 'worker threads followed by a fresh one', count: workers.renewals },
    { what: 'worker threads lost or past their deadline', count: workers.replacements },
  ];
}

function judge(
  load: Load,
  unsaved: number,
  { rollbacks, calls }: { readonly rollbacks: readonly number[]; readonly calls: readonly number[] },
): Ratio[] {
  const { tally } = load;
  const [early, late] = [memoryOf(load, EARLY, 2 * EARLY), memoryOf(load, LATE, RUNS)];
  return [
    ratio(
      `rollback under load, p99 of ${ROLLBACKS}: the call, after which the next run is the version before's`,
      '50 ms',
      quantile(calls, 0.99) / 50,
      '<= 1',
    ),
    ratio(
      `rollback under load, p99 of ${ROLLBACKS}: call → handed on by the version before`,
      '50 ms',
      quantile(rollbacks, 0.99) / 50,
      '<= 1',
    ),
    ratio(`rows lost on the path, of ${tally.expected}`, 'none', tally.lost, '<= 0'),
    ratio('answers that are not in the database', 'none', unsaved, '<= 0'),
    ratio(`runs that mixed versions, of ${tally.runs}`, 'none', tally.mixed, '<= 0'),
    ratio(`resident memory, runs ${LATE + 1} to ${RUNS}`, `runs ${EARLY + 1} to ${2 * EARLY}`, late / early, '<= 1.05'),
  ];
}
