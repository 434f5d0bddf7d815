import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { alertJson } from '../../domain/alert-json.js';
import type { Alert } from '../../domain/alert.js';
import { backoff, type BackoffLimits } from '../../platform/backoff.js';

export interface WebhookOptions {
  /** Absent: nobody is told. Its path may be a secret: no line names more of it than the host. */
  readonly url: string | undefined;
  /** How long one answer may take. */
  readonly timeoutMs: number;
  /** Alerts that may wait; of more, the oldest is dropped. */
  readonly queue: number;
  readonly backoff: BackoffLimits;
}

/** Answers that another try may change: asked too often, or the server's own trouble. */
const MAY_CHANGE = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** Why an alert was not taken, and whether to try again. */
interface Failure {
  readonly reason: string;
  readonly final: boolean;
}

/**
 * Posts each alert as JSON, in order, one at a time. Nobody waits for it: what fails is tried again with growing waits
 * until it is taken, what the receiver refuses is dropped, and an outage is said once at its beginning and once at its end.
 */
@Injectable()
export class AlertWebhook implements OnModuleDestroy {
  readonly #log = new Logger('AlertWebhook');
  readonly #waiting: Alert[] = [];
  readonly #stopping = new AbortController();
  #delivering = false;
  /** Alerts that were lost since the last one that was taken. */
  #lost = 0;
  #failing = false;

  constructor(private readonly options: WebhookOptions) {}

  send(alert: Alert): void {
    if (this.options.url === undefined || this.#stopping.signal.aborted) return;
    if (this.#waiting.length >= this.options.queue) {
      this.#waiting.shift();
      this.#lost += 1;
    }
    this.#waiting.push(alert);
    if (!this.#delivering) void this.#deliverAll(this.options.url);
  }

  /** What was not taken until now is not tried again: the next start says that it was left open. */
  onModuleDestroy(): void {
    this.#stopping.abort();
  }

  async #deliverAll(url: string): Promise<void> {
    this.#delivering = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await this.#deliver(next, url);
    this.#delivering = false;
  }

  async #deliver(alert: Alert, url: string): Promise<void> {
    const { signal } = this.#stopping;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const failure = await this.#post(alert, url);
      if (!failure) return this.#taken(url);
      if (signal.aborted) return;
      this.#failed(failure, url);
      if (failure.final) return;
      const wait = backoff(attempt, Math.random(), this.options.backoff);
      await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #post(alert: Alert, url: string): Promise<Failure | undefined> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alertJson(alert)),
        redirect: 'manual', // a secret is not carried to where a redirect points
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.options.timeoutMs)]),
      });
      await response.body?.cancel();
      if (response.ok) return undefined;
      return { reason: `it answered ${response.status}`, final: !MAY_CHANGE(response.status) };
    } catch (error) {
      return { reason: reasonOf(error), final: false };
    }
  }

  #taken(url: string): void {
    if (this.#failing)
      this.#log.log(`${hostOf(url)} takes alerts again${this.#lost > 0 ? `; ${this.#lost} were lost` : ''}`);
    this.#failing = false;
    this.#lost = 0;
  }

  #failed({ reason, final }: Failure, url: string): void {
    if (final) this.#lost += 1;
    if (this.#failing) return;
    this.#failing = true;
    const then = final ? 'the alert is dropped' : 'tried again until it takes them';
    this.#log.warn(`${hostOf(url)} does not take alerts: ${reason}; ${then}`);
  }
}

function hostOf(url: string): string {
  return new URL(url).host;
}

/** `fetch` says only that it failed; why stands in its cause. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as Error & { cause?: { code?: string } };
  return name === 'TimeoutError' ? 'no answer in time' : (cause?.code ?? name);
}
