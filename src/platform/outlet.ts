/**
 * Where a stage hands on what it made. One inlet is the path: `emit` waits for it and fails with it. Taps observe: they
 * are started, never awaited by the path, and what they throw goes to their own `report`.
 */
export class Outlet<T> {
  #inlet: ((value: T) => Promise<void> | void) | undefined;
  readonly #taps: { observe: (value: T) => Promise<void> | void; report: (error: unknown) => void }[] = [];
  readonly #observing = new Set<Promise<void>>();

  constructor(readonly name: string) {}

  /** Joins the next stage. One only: a path that forks is two paths. */
  to(inlet: (value: T) => Promise<void> | void): void {
    if (this.#inlet) throw new Error(`outlet ${this.name} already has its inlet`);
    this.#inlet = inlet;
  }

  /** Adds an observer. Delete it and the path stays the same. */
  tap(observe: (value: T) => Promise<void> | void, report: (error: unknown) => void): void {
    this.#taps.push({ observe, report });
  }

  async emit(value: T): Promise<void> {
    for (const { observe, report } of this.#taps) {
      const observing: Promise<void> = (async () => observe(value))()
        .catch(report)
        .finally(() => this.#observing.delete(observing));
      this.#observing.add(observing);
    }
    await this.#inlet?.(value);
  }

  /** Resolves when no observer is at work: what a shutdown or a replay waits for. */
  async idle(): Promise<void> {
    while (this.#observing.size > 0) await Promise.all(this.#observing);
  }
}
