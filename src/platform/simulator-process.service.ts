import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from './start-error.js';
import { wallNow } from './exchange.clock.js';
import type { SimulatedMarket } from './simulated-market.js';

const START_LIMIT_MS = 20_000;
const SAVE_EVERY_MS = 2_000;
const RESTARTS = 3;

export interface SimulatorOptions {
  readonly script: URL;
  readonly home: string;
  readonly seed: number;
  readonly speed: number;
  /** Exchange time to begin at, UTC ms. */
  readonly start: number;
  /** Called when it died and is started again. */
  readonly onRestart: (reason: string) => void;
  /** Called when it has died for good. */
  readonly onLost: (reason: string) => void;
}

interface Listening {
  readonly port: number;
  readonly exchangeTime: number;
}

/**
 * The simulated exchange in a process of its own. Dies with us (its channel closes); if it dies alone, it is started
 * again on the same port, and its clock goes on as if it had never stopped. How far it came is kept in the home.
 */
export class SimulatorProcess {
  #anchor: { exchange: number; wall: number };
  #restarts = 0;
  #stopping = false;
  readonly #saving: NodeJS.Timeout;

  private constructor(
    private child: ChildProcess,
    readonly port: number,
    exchangeTime: number,
    private readonly options: SimulatorOptions,
  ) {
    this.#anchor = { exchange: exchangeTime, wall: wallNow() };
    this.#saving = setInterval(() => this.#save(), SAVE_EVERY_MS).unref();
    this.#save();
    this.#watch();
  }

  /** @throws StartError when it does not come up */
  static async start(options: SimulatorOptions): Promise<SimulatorProcess> {
    const { child, listening } = await launch(options, 0, options.start);
    return new SimulatorProcess(child, listening.port, listening.exchangeTime, options);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Never late: what it says is what the simulator shows, give or take the time of one message. */
  #exchangeTime(): number {
    return this.#anchor.exchange + (wallNow() - this.#anchor.wall) * this.options.speed;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#saving);
    this.#save();
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGTERM');
    const patience = setTimeout(() => this.child.kill('SIGKILL'), 1_000);
    await ended;
    clearTimeout(patience);
  }

  #save(): void {
    const market: SimulatedMarket = { seed: this.options.seed, exchangeTime: Math.ceil(this.#exchangeTime()) };
    const file = fileIn(this.options.home);
    writeFileSync(`${file}.new`, `${JSON.stringify(market)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  #watch(): void {
    this.child.once('exit', (code, signal) => {
      if (this.#stopping) return;
      const how = `The exchange simulator ended by itself (${signal ?? `exit code ${code}`})`;
      if (++this.#restarts > RESTARTS) return this.options.onLost(`${how}, for the ${this.#restarts}th time.`);
      this.options.onRestart(`${how}; it is started again.`);
      this.#again().catch((error: Error) =>
        this.options.onLost(`${how} and could not be started again: ${error.message}`),
      );
    });
  }

  async #again(): Promise<void> {
    const { child, listening } = await launch(this.options, this.port, Math.ceil(this.#exchangeTime()));
    this.child = child;
    this.#anchor = { exchange: listening.exchangeTime, wall: wallNow() };
    this.#watch();
    if (this.#stopping) child.kill('SIGTERM');
  }
}

/** @returns what the home remembers; undefined before the first start */
export function savedMarket(home: string): SimulatedMarket | undefined {
  const file = fileIn(home);
  if (!existsSync(file)) return undefined;
  try {
    const { seed, exchangeTime } = JSON.parse(readFileSync(file, 'utf8')) as SimulatedMarket;
    if (Number.isSafeInteger(seed) && Number.isFinite(exchangeTime)) return { seed, exchangeTime };
  } catch {
    // falls through: not readable is as bad as not sensible
  }
  throw new StartError(`${file} cannot be read. Remove it: the market goes on from the newest stored candle.`);
}

function fileIn(home: string): string {
  return join(home, 'simulator.json');
}

function launch(
  { script, seed, speed }: SimulatorOptions,
  port: number,
  start: number,
): Promise<{ child: ChildProcess; listening: Listening }> {
  const parameters = { port, speed, seed, start };
  const flags = Object.entries(parameters).flatMap(([key, value]) => [`--${key}`, String(value)]);
  // Its own process group: Ctrl-C in a terminal reaches us alone, and the exchange outlives the feed that reads it.
  // A small young generation keeps it 20 MB smaller; it cannot be set from inside.
  const execArgv = ['--max-semi-space-size=4'];
  const child = fork(script, flags, { detached: true, execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)));
  return new Promise((done, failed) => {
    const fail = (why: string): void => {
      child.removeAllListeners('exit').kill('SIGKILL');
      failed(new StartError(`The exchange simulator did not start: ${why}${said ? `\n  ${said.trim()}` : ''}`));
    };
    const patience = setTimeout(() => fail(`no answer within ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`it ended with ${signal ?? `exit code ${code}`}`));
    child.on('message', (message: { listening?: { port: number }; exchangeTime?: number }) => {
      if (message.listening === undefined) return;
      clearTimeout(patience);
      child.removeAllListeners('exit').removeAllListeners('message');
      done({ child, listening: { port: message.listening.port, exchangeTime: message.exchangeTime ?? start } });
    });
  });
}
