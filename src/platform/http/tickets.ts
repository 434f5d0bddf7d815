/** How long a ticket may wait to be used, ms of wall time. */
export const TICKET_LIFE_MS = 30_000;
const MOST = 1_000;

/** Browsers cannot send a key with a websocket: they exchange it for a ticket that opens one socket, once, soon. */
export class Tickets {
  /** Ticket → wall time (epoch ms) of its end, oldest first. */
  readonly #ends = new Map<string, number>();

  /** @returns wall time (epoch ms) at which it ends; beyond 1,000 unused tickets the oldest is forgotten */
  issue(ticket: string, now: number): number {
    for (const [old, end] of this.#ends) {
      if (end > now && this.#ends.size < MOST) break;
      this.#ends.delete(old);
    }
    this.#ends.set(ticket, now + TICKET_LIFE_MS);
    return now + TICKET_LIFE_MS;
  }

  /** @returns whether it was valid; it is not any more */
  redeem(ticket: string, now: number): boolean {
    const end = this.#ends.get(ticket);
    this.#ends.delete(ticket);
    return end !== undefined && now < end;
  }
}
