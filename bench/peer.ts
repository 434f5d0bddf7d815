import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const PEERS = resolve('bench/peers');
/** No library gets more than one thread: neither do we. */
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
const ENVIRONMENT = { ...process.env, ...ONE_THREAD, PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: PEERS };

/** The Python libraries cannot be had here; the message says what to do. */
export class PeersAbsent extends Error {}

/**
 * Makes the libraries' environment where it is not there yet.
 * @param folder of bench/peers, of libraries that have an environment of their own
 * @returns the path of its Python @throws PeersAbsent
 */
export function peerPython(folder = ''): string {
  const setup = [join(PEERS, 'setup.sh'), ...(folder ? [folder] : [])];
  const made = spawnSync('bash', setup, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (made.status === 0) return made.stdout.trim();
  const why = made.error ? `bash cannot be run (${made.error.message})` : 'see above';
  const wanted = join('bench/peers', folder, 'requirements.txt');
  throw new PeersAbsent(`The Python libraries of ${wanted} cannot be had: ${why}.`);
}

/** Runs a Python program of the project in the libraries' environment. @throws with what it said */
export function runPython(python: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(python, args, { env: ENVIRONMENT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args[0]} ended with ${status}: ${stderr}`);
}

/** A script of bench/peers that does what it is asked and times itself: a round of ours, a round of theirs. */
export class Peer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor(
    python: string,
    readonly script: string,
  ) {
    this.#child = spawn(python, [join(PEERS, script)], { env: ENVIRONMENT, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => undefined); // it has ended: `ask` finds no answer
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws with the reason when the library refuses or its process has ended */
  async ask<Answer>(work: string, given: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify({ work, ...given })}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`${this.script} ended at "${work}"`);
    const answer = JSON.parse(value) as Answer & { error?: string };
    if (answer.error !== undefined) throw new Error(`${this.script}, ${work}: ${answer.error}`);
    return answer;
  }

  /** @returns what the work took in Python, ms */
  async time(given: Readonly<Record<string, unknown>> = {}): Promise<number> {
    return (await this.ask<{ ms: number }>('time', given)).ms;
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}
