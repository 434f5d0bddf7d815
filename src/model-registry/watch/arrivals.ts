/** How long a folder that is not complete may stand still before it is judged as it lies, ms. */
export const PATIENCE_MS = 30_000;

/** What one look at the folders tells; each is named by `<name>@<version>`. */
export interface Look {
  /** Other than what was taken, and the same as at the look before: worth opening, to see whether they are complete. */
  readonly still: readonly string[];
  /** Opened, not complete, and unchanged for so long that nobody seems to be writing any more. */
  readonly abandoned: readonly string[];
  /** Taken, and absent in this look and the one before. */
  readonly gone: readonly string[];
}

interface Pending {
  readonly fingerprint: string;
  /** Wall time of the look that saw it first, epoch ms. */
  readonly since: number;
  /** It was reported as still. */
  told: boolean;
}

/** Tells folders that appeared or changed apart from those that somebody is still writing, by looking again and again. */
export class Arrivals {
  /** By ref, the fingerprint that the registry knows. */
  readonly #taken = new Map<string, string>();
  #pending = new Map<string, Pending>();
  #missing = new Set<string>();

  /** The registry has it as it lies. */
  take(ref: string, fingerprint: string): void {
    this.#taken.set(ref, fingerprint);
    this.#pending.delete(ref);
  }

  forget(ref: string): void {
    this.#taken.delete(ref);
  }

  /** @param seen fingerprint of every folder, by ref @param now wall time, epoch ms */
  look(seen: ReadonlyMap<string, string>, now: number): Look {
    const pending = new Map<string, Pending>();
    const still: string[] = [];
    const abandoned: string[] = [];
    for (const [ref, fingerprint] of seen) {
      if (this.#taken.get(ref) === fingerprint) continue;
      const before = this.#pending.get(ref);
      const same = before?.fingerprint === fingerprint ? before : undefined;
      pending.set(ref, same ?? { fingerprint, since: now, told: false });
      if (!same) continue;
      if (!same.told) still.push(ref);
      else if (now - same.since >= PATIENCE_MS) abandoned.push(ref);
      same.told = true;
    }
    const missing = [...this.#taken.keys()].filter((ref) => !seen.has(ref));
    const gone = missing.filter((ref) => this.#missing.has(ref));
    this.#pending = pending;
    this.#missing = new Set(missing);
    return { still, abandoned, gone };
  }
}
