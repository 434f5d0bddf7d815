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
    if (queue && place) this.#leave(queue, place, request.rows - place.taken);
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
    let batch: Batch<T> | undefined;
    for (let key = this.#oldest(can); key !== undefined && !batch; key = this.#oldest(can)) {
      batch = this.#batchOf(key, limitOf(key), now, late);
    }
    return { batch, late };
  }

  /** @returns the model whose first request came first */
  #oldest(can: (key: string) => boolean): string | undefined {
    let [oldest, first]: [string | undefined, number] = [undefined, Infinity];
    for (const [key, { places }] of this.#queues) {
      const [place] = places.values();
      if (place!.arrival > first || !can(key)) continue;
      [oldest, first] = [key, place!.arrival];
    }
    return oldest;
  }

  /** @returns undefined where every request of the model was late */
  #batchOf(key: string, limit: number, now: number, late: T[]): Batch<T> | undefined {
    const shares: Share<T>[] = [];
    const queue = this.#queues.get(key)!;
    let left = limit;
    for (const [request, place] of queue.places) {
      if (left === 0) break;
      const from = place.taken;
      const waiting = request.rows - from;
      if (request.deadline <= now) {
        late.push(request);
        this.#leave(queue, place, waiting);
        continue;
      }
      const rows = Math.min(waiting, left);
      shares.push({ request, from, rows });
      place.taken += rows;
      left -= rows;
      if (rows === waiting) this.#leave(queue, place, rows);
      else this.#count(queue, rows);
    }
    return shares.length > 0 ? { key, rows: limit - left, shares } : undefined;
  }

  #leave(queue: Queue<T>, { request }: Place<T>, rows: number): void {
    queue.places.delete(request);
    this.#count(queue, rows);
    if (queue.places.size === 0) this.#queues.delete(request.key);
  }

  #count(queue: Queue<T>, rows: number): void {
    queue.rows -= rows;
    this.#rows -= rows;
  }
}
