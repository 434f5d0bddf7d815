import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../platform/clock.js';
import { backoff } from '../../platform/backoff.js';

/** An exchange that did not answer as it should. Codes are stable: users alert on them. */
export class FeedFailed extends Error {
  override readonly name = 'FeedFailed';

  constructor(
    readonly code: 'EXCHANGE_UNREACHABLE' | 'EXCHANGE_REFUSED' | 'EXCHANGE_ANSWER_MALFORMED',
    message: string,
  ) {
    super(message);
  }
}

export interface RestOptions {
  /** Requests under way at one time. */
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** Tries of one request in all, the first included. */
  readonly attempts: number;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
}

export interface Answer {
  readonly body: unknown;
  /** Exchange time, UTC ms, by our clock, just before the question left: what was closed then is closed in the answer. */
  readonly askedAt: number;
}

type Outcome = Answer | { readonly retryable: boolean; readonly reason: string; readonly waitMs?: number };

/** GET requests to one exchange: bounded concurrency, timeouts, retries with jitter on 5xx, 429 and a broken network. */
export class ExchangeRest {
  readonly #closing = new AbortController();
  readonly #turns: (() => void)[] = [];
  #busy = 0;

  constructor(
    private readonly url: string,
    private readonly clock: Clock,
    private readonly options: RestOptions,
  ) {}

  /** @throws FeedFailed when every attempt failed, or the exchange refused */
  async get(path: string, query: Readonly<Record<string, string | number>> = {}): Promise<Answer> {
    const url = new URL(path, this.url);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, String(value));
    await this.#turn();
    try {
      return await this.#tries(url);
    } finally {
      // The turn is handed to the one that waited longest; only with nobody waiting it goes back.
      const next = this.#turns.shift();
      if (next) next();
      else this.#busy--;
    }
  }

  /** Ends what is under way; each request fails at once. */
  close(): void {
    this.#closing.abort();
  }

  async #turn(): Promise<void> {
    if (this.#busy < this.options.concurrency) this.#busy++;
    else await new Promise<void>((resolve) => this.#turns.push(resolve));
  }

  async #tries(url: URL): Promise<Answer> {
    const { attempts, retryBaseMs: baseMs, retryMaxMs: maxMs } = this.options;
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#once(url);
      if ('body' in outcome) return outcome;
      const failed = `GET ${url.href}: ${outcome.reason}`;
      if (this.#closing.signal.aborted)
        throw new FeedFailed('EXCHANGE_UNREACHABLE', `GET ${url.href}: the feed is closed`);
      if (!outcome.retryable) throw new FeedFailed('EXCHANGE_REFUSED', failed);
      if (attempt + 1 >= attempts) throw new FeedFailed('EXCHANGE_UNREACHABLE', `${failed} (${attempts} attempts)`);
      const wait = Math.max(outcome.waitMs ?? 0, backoff(attempt, Math.random(), { baseMs, maxMs }));
      await sleep(wait, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  async #once(url: URL): Promise<Outcome> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.options.timeoutMs)]);
    const askedAt = this.clock.now();
    try {
      const response = await fetch(url, { signal, headers: { accept: 'application/json' } });
      if (response.ok) return { body: await response.json(), askedAt };
      const text = (await response.text()).slice(0, 200);
      return { ...retryOf(response), reason: `HTTP ${response.status} ${text}` };
    } catch (error) {
      return { retryable: true, reason: causeOf(error) };
    }
  }
}

/** 429: slow down, wait as told. 418: banned for as long as told, no use trying within a minute. */
function retryOf(response: Response): { retryable: boolean; waitMs?: number } {
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  const limited = response.status === 429 || response.status === 418;
  if (limited && seconds <= 60) return { retryable: true, waitMs: seconds * 1000 };
  return { retryable: response.status === 429 || response.status >= 500 };
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message || error.cause.name})` : '';
  return `${error.message}${cause}`;
}
