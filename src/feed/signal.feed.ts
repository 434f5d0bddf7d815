import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { WebSocket } from 'ws';
import { alertJson } from '../domain/alert-json.js';
import type { Alert } from '../domain/alert.js';
import type { PredictionBatch } from '../domain/prediction.js';
import { signalJson } from '../domain/signal-json.js';
import type { Signal } from '../domain/signal.js';
import { Clock } from '../platform/clock.js';
import { SignalRepository } from '../strategy/signal.repository.js';
import type { OrderUpdate } from '../trading/order-update.js';
import { Audience } from './audience.js';
import { frame, type EventType } from './envelope.js';
import { orderUpdateJson, runCompletedJson } from './presentation.js';

const INITIAL_SIGNALS = 50;
const PING_MS = 30_000;
/** How long one who is cut off may take to read the reason. */
const PARTING_MS = 5_000;
const LIMITS = { clients: 100, bufferedBytes: 1_000_000 };

/** 1013, try again later: too slow, or too many. */
const TRY_AGAIN_LATER = 1013;
const GOING_AWAY = 1001;

/**
 * Tells websocket clients what happened. Only an observer: it is told after things are saved, and nothing waits for it.
 * The newest signals are kept here, so that a client that joins misses none between its greeting and the next event.
 */
@Injectable()
export class SignalFeed implements OnModuleInit, OnModuleDestroy {
  readonly #audience = new Audience(
    LIMITS,
    (listener) => this.#cutOff(listener as WebSocket, 'too slow: what was sent has not been read'),
    (work) => setImmediate(work),
  );
  readonly #alive = new Map<WebSocket, boolean>();
  /** Newest first. */
  #newest: readonly Signal[] = [];
  #greeting: Buffer | undefined;
  #ping: NodeJS.Timeout | undefined;

  constructor(
    private readonly repository: SignalRepository,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    this.#newest = await this.repository.newest(INITIAL_SIGNALS);
    this.#ping = setInterval(() => this.pingAll(), PING_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.#ping);
    for (const client of this.#alive.keys()) client.close(GOING_AWAY, 'the server stops');
  }

  get clients(): number {
    return this.#audience.size;
  }

  join(client: WebSocket): void {
    this.#greeting ??= frame('initial_signals', this.#newest.map(signalJson), this.clock.now());
    if (!this.#audience.join(client, this.#greeting)) return this.#cutOff(client, 'too many clients');
    this.#alive.set(client, true);
    client.on('pong', () => this.#alive.set(client, true));
    client.once('close', () => {
      this.#audience.leave(client);
      this.#alive.delete(client);
    });
  }

  /** Those just saved, oldest first: one `new_signal` each. One told before is not told again. */
  signals(signals: readonly Signal[]): void {
    const told = new Set(this.#newest.map(({ id }) => id));
    const fresh = signals.filter(({ id }) => !told.has(id));
    if (fresh.length === 0) return;
    this.#newest = [...fresh.slice(-INITIAL_SIGNALS).reverse(), ...this.#newest].slice(0, INITIAL_SIGNALS);
    this.#greeting = undefined;
    for (const signal of fresh) this.#tell('new_signal', () => signalJson(signal));
  }

  completed(batch: PredictionBatch): void {
    this.#tell('run_completed', () => runCompletedJson(batch));
  }

  order(update: OrderUpdate): void {
    this.#tell('order_update', () => orderUpdateJson(update));
  }

  alert(alert: Alert): void {
    this.#tell('alert', () => alertJson(alert));
  }

  /** Keeps proxies from closing a quiet connection, and drops clients that have gone without saying so. */
  pingAll(): void {
    for (const [client, alive] of this.#alive) {
      if (!alive) client.terminate();
      else if (client.readyState === client.OPEN) client.ping();
      this.#alive.set(client, false);
    }
    this.#tell('ping', () => null);
  }

  #tell(type: EventType, data: () => unknown): void {
    const time = this.clock.now();
    this.#audience.broadcast(() => frame(type, data(), time));
  }

  #cutOff(client: WebSocket, reason: string): void {
    client.close(TRY_AGAIN_LATER, reason);
    setTimeout(() => client.terminate(), PARTING_MS).unref();
  }
}
