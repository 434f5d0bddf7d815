import type { INestApplicationContext } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { IncomingMessage } from 'node:http';
import { Settings } from '../config/settings.js';
import { ApiKeys } from './api-key.service.js';
import { mayOpenSocket } from './origin.js';
import { TicketService } from './ticket.service.js';

type Verdict = (accepted: boolean, status?: number, text?: string, headers?: Record<string, string>) => void;

const LARGEST_FRAME = 64 * 1024;

/** Judges each websocket before its upgrade: who has neither the key nor a ticket gets 401, a foreign page 403. */
export class AuthenticatedWsAdapter extends WsAdapter {
  readonly #keys: ApiKeys;
  readonly #tickets: TicketService;
  readonly #origins: readonly string[];

  constructor(app: INestApplicationContext) {
    super(app);
    this.#keys = app.get(ApiKeys);
    this.#tickets = app.get(TicketService);
    this.#origins = app.get(Settings).config.CORS_ORIGINS;
  }

  override create(port: number, options: Record<string, unknown> = {}): unknown {
    const verifyClient = ({ req }: { req: IncomingMessage }, verdict: Verdict): void => this.#judge(req, verdict);
    return super.create(port, { maxPayload: LARGEST_FRAME, ...options, verifyClient });
  }

  #judge({ headers, url = '/' }: IncomingMessage, verdict: Verdict): void {
    if (!mayOpenSocket(headers.origin, headers.host, this.#origins)) return verdict(false, 403, 'Forbidden');
    const ticket = new URLSearchParams(url.split('?', 2)[1] ?? '').get('ticket');
    if (this.#keys.accepts(headers.authorization) || (ticket !== null && this.#tickets.redeem(ticket)))
      return verdict(true);
    verdict(false, 401, 'Unauthorized', { 'WWW-Authenticate': 'Bearer realm="alphapulse"' });
  }
}
