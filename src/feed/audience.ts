/** What a client is, seen from the sender: `ws`'s WebSocket fits. */
export interface Listener {
  /** Bytes accepted from us that the network has not taken yet. */
  readonly bufferedAmount: number;
  send(frame: Buffer, options: { binary: boolean }): void;
}

export interface Limits {
  readonly clients: number;
  /** Bytes that may wait for one client. */
  readonly bufferedBytes: number;
}

/** Frames built and sent before the event loop gets a turn. */
const WORK_A_TURN = 200;

/**
 * Everyone who listens. A frame is built once, handed to each network buffer once and never waited for; who has not
 * taken what was sent before is cut off. A burst goes out in turns, in order, and who joins in between gets only what
 * was broadcast after.
 *
 * In: join, leave, broadcast. Out: frames, and `cut` for who is too slow.
 */
export class Audience {
  /** Each listener with the number of the first frame that it gets. */
  readonly #listeners = new Map<Listener, number>();
  readonly #queue: (() => Buffer)[] = [];
  /** Number of the frame at the head of the queue. */
  #head = 0;
  /** Work done since the event loop had its last turn. */
  #done = 0;
  #turnAsked = false;

  constructor(
    private readonly limits: Limits,
    private readonly cut: (listener: Listener) => void,
    /** Runs the work after the event loop had a turn. */
    private readonly later: (work: () => void) => void,
  ) {}

  get size(): number {
    return this.#listeners.size;
  }

  /** @returns false, changing nothing, when the house is full */
  join(listener: Listener, greeting: Buffer): boolean {
    if (this.#listeners.size >= this.limits.clients) return false;
    this.#listeners.set(listener, this.#head + this.#queue.length);
    listener.send(greeting, { binary: false });
    return true;
  }

  leave(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** @param build makes the frame when its time has come; not called when nobody listens */
  broadcast(build: () => Buffer): void {
    if (this.#listeners.size === 0) return;
    this.#queue.push(build);
    this.#drain();
  }

  #drain(): void {
    for (; this.#queue.length > 0 && this.#done < WORK_A_TURN; this.#head++) {
      this.#askForTurn();
      this.#done += 1 + this.#listeners.size;
      const next = this.#queue.shift()!();
      for (const [listener, first] of this.#listeners) if (first <= this.#head) this.#send(listener, next);
    }
  }

  #askForTurn(): void {
    if (this.#turnAsked) return;
    this.#turnAsked = true;
    this.later(() => {
      this.#turnAsked = false;
      this.#done = 0;
      this.#drain();
    });
  }

  #send(listener: Listener, frame: Buffer): void {
    if (listener.bufferedAmount <= this.limits.bufferedBytes) {
      listener.send(frame, { binary: false });
      return;
    }
    this.#listeners.delete(listener);
    this.cut(listener);
  }
}
