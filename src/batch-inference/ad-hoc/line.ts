/** What the line must know of a request. */
export interface Waiting {
  /** The model, as the workers know it. */
  readonly key: string;
  readonly rows: number;
  /** From then on an answer is of no use: wall time, epoch ms. */
  readonly deadline: number;
}

/** Rows `from` to `from + rows` of a request. */
export interface Share<T> {
  readonly request: T;
  readonly from: number;
  readonly rows: number;
}

export interface Batch<T> {
  readonly key: string;
  readonly rows: number;
  /** In order of arrival; their rows add up to `rows`. */
  readonly shares: readonly Share<T>[];
}

interface Place<T> {
  readonly request: T;
  readonly arrival: number;
  /** Its rows that are in batches already. */
  taken: number;
}

interface Queue<T> {
  /** In order of arrival. */
  readonly places: Map<T, Place<T>>;
  rows: number;
}

/**
 * Requests that wait, and which of them form the next batch: the oldest request that a free worker can run names the
 * model, and what waits for the same model joins it in order of arrival, up to a limit of rows. A request over the limit
 * goes in parts. Nothing waits for a batch to fill.
 */
export class AdHocLine<T extends Waiting> {
  readonly #queues = new Map<string, Queue<T>>();
  #arrivals = 0;
  #rows = 0;

  /** Rows that wait. */
  get rows(): number {
    return this.#rows;
  }

  /** Rows that wait, by model. */
  *rowsByModel(): Iterable<readonly [key: string, rows: number]> {
    for (const [key, { rows }] of this.#queues) yield [key, rows];
  }

  /** Requests of a model that wait. */
  requestsOf(key: string): number {
    return this.#queues.get(key)?.places.size ?? 0;
  }

  waits(key: string): boolean {
    return this.#queues.has(key);
  }

  push(request: T): void {
    const { key, rows } = request;
    let queue = this.#queues.get(key);
    if (!queue) this.#queues.set(key, (queue = { places: new Map(), rows: 0 }));
    this.#arrivals += 1;
    queue.places.set(request, { request, arrival: this.#arrivals, taken: 0 });
    queue.rows += rows;
    this.#rows += rows;
  }

  /** Takes what still waits of a request out of the line; harmless where nothing does. */
  remove(request: T): void {
    const queue = this.#queues.get(request.key);
    const place = queue?.places.get(request);
    if (!queue || !place) return;
    this.#count(queue, request.rows - place.taken);
    this.#leave(queue, request);
  }

  /** Everything that waits, in order of arrival a model. */
  *[Symbol.iterator](): Iterator<T> {
    for (const { places } of this.#queues.values()) yield* places.keys();
  }

  /**
   * @param can models that the free worker can run
   * @param limitOf most rows a batch of the model, ≥ 1
   * @returns the next batch, no longer in line, and the requests that were dropped because their deadline has passed
   */
  next(
    can: (key: string) => boolean,
    limitOf: (key: string) => number,
    now: number,
  ): { batch: Batch<T> | undefined; late: readonly T[] } {
    const late: T[] = [];
    const key = this.#oldest(can, now, late);
    return { batch: key === undefined ? undefined : this.#batchOf(key, limitOf(key), now, late), late };
  }

  /** @returns the model whose first request came first, once those that are late by now are dropped before it */
  #oldest(can: (key: string) => boolean, now: number, late: T[]): string | undefined {
    let [oldest, first]: [string | undefined, number] = [undefined, Infinity];
    for (const [key, queue] of this.#queues) {
      if (!can(key)) continue;
      const place = this.#first(queue, now, late);
      if (place && place.arrival < first) [oldest, first] = [key, place.arrival];
    }
    return oldest;
  }

  #first(queue: Queue<T>, now: number, late: T[]): Place<T> | undefined {
    for (const place of queue.places.values()) {
      if (place.request.deadline > now) return place;
      this.#drop(queue, place, late);
    }
    return undefined;
  }

  #batchOf(key: string, limit: number, now: number, late: T[]): Batch<T> {
    const queue = this.#queues.get(key)!;
    const shares: Share<T>[] = [];
    let left = limit;
    for (const place of queue.places.values()) {
      if (left === 0) break;
      const { request, taken: from } = place;
      if (request.deadline <= now) {
        this.#drop(queue, place, late);
        continue;
      }
      const rows = Math.min(request.rows - from, left);
      shares.push({ request, from, rows });
      place.taken += rows;
      left -= rows;
      this.#count(queue, rows);
      if (place.taken === request.rows) this.#leave(queue, request);
    }
    return { key, rows: limit - left, shares };
  }

  #drop(queue: Queue<T>, { request, taken }: Place<T>, late: T[]): void {
    late.push(request);
    this.#count(queue, request.rows - taken);
    this.#leave(queue, request);
  }

  #leave(queue: Queue<T>, request: T): void {
    queue.places.delete(request);
    if (queue.places.size === 0) this.#queues.delete(request.key);
  }

  #count(queue: Queue<T>, rows: number): void {
    queue.rows -= rows;
    this.#rows -= rows;
  }
}
