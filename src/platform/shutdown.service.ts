/** Exit codes: 0 as asked, 1 when something failed. */
export interface Ending {
  readonly code: 0 | 1;
  readonly reason: string;
}

const LIMIT_MS = 4_600;

interface Closer {
  readonly what: string;
  readonly close: () => Promise<void> | void;
  readonly alone: boolean;
}
/** npm hands a terminal's Ctrl-C on, so one press may arrive twice: a second signal counts only later. */
const SECOND_PRESS_MS = 500;

/**
 * How this process ends: once, in the reverse order of what was opened, within five seconds. A signal asks for it, a
 * failure demands it, a second signal cuts it short.
 */
export class Shutdown {
  readonly #closers: Closer[] = [];
  readonly #asked: Promise<Ending>;
  #ask!: (ending: Ending) => void;
  #first: number | undefined;

  constructor(private readonly say: (line: string) => void) {
    this.#asked = new Promise((resolve) => (this.#ask = resolve));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const earlier = process.listeners(signal); // those of scripts/start.mjs; off only after ours is on, or a signal is lost
      process.on(signal, () => this.#onSignal(signal));
      for (const listener of earlier) process.off(signal, listener);
    }
    process.stdout.on('error', () => undefined); // whoever read it may be gone: `npm start | head`
    process.stderr.on('error', () => undefined);
  }

  /** Resolves when it is to end. */
  get asked(): Promise<Ending> {
    return this.#asked;
  }

  fail(reason: string): void {
    this.#ask({ code: 1, reason });
  }

  /**
   * What is opened later is closed earlier.
   * @param alone whether it is a process that, once told, ends by itself without loss: at the limit it is left to that
   */
  onEnd(what: string, close: () => Promise<void> | void, { alone = false } = {}): void {
    this.#closers.push({ what, close, alone });
  }

  /** A step of the start: given up when the end is asked for meanwhile. @throws Ending */
  async step<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#asked.then((ending) => Promise.reject(new Interrupted(ending)))]);
  }

  /** Closes everything; what fails to close is said, and does not keep the rest open. */
  async end(code: number): Promise<never> {
    const over = new Promise<'over'>((resolve) => setTimeout(resolve, LIMIT_MS, 'over').unref());
    for (const { what, close, alone } of this.#closers.splice(0).reverse()) {
      const closing = this.#try(what, close);
      if (closing === undefined || (await Promise.race([closing, over])) !== 'over') continue;
      if (!alone) {
        this.say(`The end took too long (${what}); what is left is cut off.`);
        process.exit(1);
      }
      this.say(`${what} was told to end and is still writing to disk; it ends by itself, the next start waits for it.`);
    }
    process.exit(code);
  }

  /** @returns undefined where it is closed at once */
  #try(what: string, close: Closer['close']): Promise<void> | undefined {
    const fail = (error: unknown): void => this.say(`${what} did not close: ${(error as Error).message}`);
    try {
      return close()?.catch(fail);
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  #onSignal(signal: NodeJS.Signals): void {
    const now = performance.now();
    if (this.#first !== undefined && now - this.#first > SECOND_PRESS_MS) process.exit(130);
    this.#first ??= now;
    this.#ask({ code: 0, reason: signal });
  }
}

/** The start was given up because the end was asked for. */
export class Interrupted extends Error {
  constructor(readonly ending: Ending) {
    super(ending.reason);
  }
}
