import { WebSocket } from 'ws';
import { backoff, type BackoffLimits } from '../../platform/backoff.js';

export interface StreamOptions {
  /** Without a frame or a ping for so long, the connection is taken for dead. */
  readonly livenessMs: number;
  readonly handshakeMs: number;
  readonly reconnect: BackoffLimits;
}

export interface StreamHandlers {
  up(): void;
  down(reason: string): void;
  /** One text frame, as received. */
  frame(text: string): void;
}

/**
 * One websocket that stays open: it reconnects for ever, with jittered exponential backoff, until it is closed. Its states
 * are connecting → up → waiting → connecting …, and closed. The exchange's pings are answered by `ws` itself.
 */
export class KlineStream {
  #socket: WebSocket | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  constructor(
    private readonly url: string,
    private readonly options: StreamOptions,
    private readonly handlers: StreamHandlers,
  ) {}

  open(): void {
    const socket = new WebSocket(this.url, {
      handshakeTimeout: this.options.handshakeMs,
      perMessageDeflate: false,
      maxPayload: 4 * 1024 * 1024,
    });
    this.#socket = socket;
    let reason = '';
    let wasUp = false;
    const alive = () => void this.#watchdog?.refresh();
    socket.on('open', () => {
      wasUp = true;
      this.#watchdog = setTimeout(() => {
        reason = `nothing came for ${this.options.livenessMs} ms`;
        socket.terminate();
      }, this.options.livenessMs);
      this.handlers.up();
    });
    socket.on('message', (data, binary) => {
      alive();
      // A frame proves the connection; the open alone does not: a server may accept and cut off again at once.
      this.#failures = 0;
      this.handlers.frame(binary ? '' : (data as Buffer).toString('utf8'));
    });
    socket.on('ping', alive);
    socket.on('error', (error) => (reason ||= error.message || 'the connection broke'));
    socket.on('close', (code) => {
      clearTimeout(this.#watchdog);
      if (this.#closed) return;
      if (wasUp) this.handlers.down(reason || `the exchange closed the connection (code ${code})`);
      const wait = backoff(this.#failures++, Math.random(), this.options.reconnect);
      this.#retry = setTimeout(() => this.open(), wait);
    });
  }

  /** Cuts the connection at once: nothing is waiting for a farewell. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#watchdog);
    this.#socket?.terminate();
  }
}
