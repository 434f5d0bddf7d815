import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { Clock } from '../clock.js';
import { Tickets } from './tickets.js';

export interface IssuedTicket {
  readonly ticket: string;
  readonly expires_at: string;
}

/** Tickets live in this process only: a restart ends them, as it ends the sockets. */
@Injectable()
export class TicketService {
  readonly #tickets = new Tickets();

  constructor(private readonly clock: Clock) {}

  issue(): IssuedTicket {
    const ticket = randomBytes(24).toString('base64url');
    return { ticket, expires_at: new Date(this.#tickets.issue(ticket, this.clock.wallNow())).toISOString() };
  }

  redeem(ticket: string): boolean {
    return this.#tickets.redeem(ticket, this.clock.wallNow());
  }
}
