/**
 * Keeps the `capacity` values used last. An evicted value is handed to `make` to be filled anew, so that a steady state
 * allocates nothing: a caller holds on to a value only until it has asked for `capacity - 1` others.
 */
export class RecentlyUsed<Value> {
  readonly #values = new Map<number, Value>();

  constructor(private readonly capacity: number) {}

  /** @returns the value kept under `key`, its age forgotten; undefined when none is */
  peek(key: number): Value | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  /** @returns the value kept under `key`, or the one that `make` produces, with an evicted value to reuse where there is one */
  get(key: number, make: (evicted: Value | undefined) => Value): Value {
    const kept = this.peek(key);
    if (kept !== undefined) return kept;
    let evicted: Value | undefined;
    if (this.#values.size >= this.capacity) {
      const [oldest, value] = this.#values.entries().next().value!;
      this.#values.delete(oldest);
      evicted = value;
    }
    const made = make(evicted);
    this.#values.set(key, made);
    return made;
  }
}
