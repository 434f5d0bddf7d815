import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../../platform/start-error.js';
import { LockFile } from './lock-file.service.js';
import { modelEvent, type ModelEvent } from './model-event.js';

/** A line of the log says something that nobody can have meant. */
export class LifecycleLogInvalid extends StartError {
  readonly code = 'LIFECYCLE_LOG_INVALID';
}

/**
 * `models.jsonl` in the home: one line for each thing that was done to a model, appended and flushed. The command line writes
 * it whether the service runs or not; the service reads it again when it has grown.
 */
export class LifecycleLog {
  readonly #home: string;
  readonly #file: string;

  /** @param home absolute path of ALPHAPULSE_HOME */
  constructor(home: string) {
    this.#home = home;
    this.#file = join(home, 'models.jsonl');
  }

  /** @returns bytes so far: another number tells that something was done */
  async size(): Promise<number> {
    return stat(this.#file).then(
      ({ size }) => size,
      () => 0,
    );
  }

  /**
   * @returns events, oldest first; a last line that a crash cut off does not count
   * @throws LifecycleLogInvalid naming a line that says nothing sensible
   */
  async read(): Promise<readonly ModelEvent[]> {
    const lines = (await this.#text()).split('\n');
    lines.pop();
    return lines.map((line, i) => {
      const event = modelEvent.safeParse(jsonOf(line));
      if (event.success) return event.data;
      const remedy = 'put it right, or move the file away to begin anew';
      throw new LifecycleLogInvalid(`${this.#file} line ${i + 1} is no event; ${remedy}`);
    });
  }

  /**
   * Decides and appends in one step: nobody else, in this process or another, appends between what `decide` is shown and
   * what it answers.
   * @param decide shown every event so far; its answer is appended if it is an event, and comes back either way
   */
  async append<Refusal extends { readonly code: string }>(
    decide: (events: readonly ModelEvent[]) => ModelEvent | Refusal,
  ): Promise<ModelEvent | Refusal> {
    await mkdir(this.#home, { recursive: true, mode: 0o700 });
    return new LockFile(`${this.#file}.lock`).hold(async () => {
      const decided = decide(await this.read());
      if (!('code' in decided)) await this.#write(`${JSON.stringify(decided)}\n`);
      return decided;
    });
  }

  /** A last line that a crash cut off was never acknowledged: it is cut away. */
  async #write(line: string): Promise<void> {
    const whole = Buffer.byteLength((await this.#text()).replace(/[^\n]*$/, ''));
    const file = await open(this.#file, 'a', 0o600);
    try {
      await file.truncate(whole);
      await file.appendFile(line);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #text(): Promise<string> {
    return readFile(this.#file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
