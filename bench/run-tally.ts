import type { PredictionBatch } from '../src/domain/prediction.js';

/** Holds runs against what was to come of them: every model answers every symbol, all by one version. */
export class RunTally {
  #runs = 0;
  #expected = 0;
  #answered = 0;
  #mixed = 0;

  /** @param models names of those that serve; their versions are adopted together */
  constructor(private readonly models: readonly string[]) {}

  take({ runs, symbols }: Pick<PredictionBatch, 'runs' | 'symbols'>): void {
    this.#runs += 1;
    this.#expected += symbols.length * this.models.length;
    for (const { answered } of runs) for (const one of answered) this.#answered += one;
    const versions = new Set(runs.map(({ model }) => model.version));
    if (versions.size > 1 || runs.length !== this.models.length) this.#mixed += 1;
  }

  get runs(): number {
    return this.#runs;
  }

  /** Symbols × models. */
  get expected(): number {
    return this.#expected;
  }

  /** Of them, those without an answer. */
  get lost(): number {
    return this.#expected - this.#answered;
  }

  /** Runs in which not each model answered once, or not all by the same version. */
  get mixed(): number {
    return this.#mixed;
  }
}
