import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { StartError } from '../../platform/start-error.js';
import { modelEvent, type ModelEvent } from './standing.js';

/** A line of the log says something that nobody can have meant. */
export class LifecycleLogInvalid extends StartError {
  readonly code = 'LIFECYCLE_LOG_INVALID';
}

/**
 * `models.jsonl` in the home: one line for each thing a person did to a model, appended and flushed. The
 * command line writes it whether the service runs or not; the service reads it again when it has grown.
 */
export class LifecycleLog {
  readonly #file: string;

  /** @param home absolute path of ALPHAPULSE_HOME */
  constructor(home: string) {
    this.#file = join(home, 'models.jsonl');
  }

  /** Bytes so far: another number tells that something was done. */
  get size(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }

  /**
   * @returns events, oldest first; a last line that a crash cut off does not count
   * @throws LifecycleLogInvalid naming a line that says nothing sensible
   */
  read(): ModelEvent[] {
    if (!existsSync(this.#file)) return [];
    const lines = readFileSync(this.#file, 'utf8').split('\n');
    lines.pop();
    return lines.map((line, i) => {
      const event = modelEvent.safeParse(jsonOf(line));
      if (event.success) return event.data;
      const remedy = 'put it right, or move the file away to begin anew';
      throw new LifecycleLogInvalid(`${this.#file} line ${i + 1} is no event; ${remedy}`);
    });
  }

  append(event: ModelEvent): void {
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    const file = openSync(this.#file, 'a+', 0o600);
    try {
      ftruncateSync(file, this.#whole());
      appendFileSync(file, `${JSON.stringify(event)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** @returns bytes of whole lines: a last line that a crash cut off was never acknowledged */
  #whole(): number {
    return readFileSync(this.#file).lastIndexOf('\n') + 1;
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
