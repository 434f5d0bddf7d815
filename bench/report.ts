import { cpus } from 'node:os';

/** One comparison, measured in one run. `ratio` = work / against, in the unit that `unit` names. */
export interface Ratio {
  readonly work: string;
  readonly against: string;
  readonly ratio: number;
  /** `<= 1.5`, `>= 4`, or null where the issue sets none. */
  readonly goal: string | null;
  readonly met: boolean | null;
}

export interface BenchReport {
  readonly name: string;
  /** What was measured and how, one sentence. */
  readonly method: string;
  /** Printed as a table. */
  readonly table: readonly Record<string, string | number>[];
  readonly ratios: readonly Ratio[];
  /** Of the libraries that it is measured against. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Why nothing, or not all, was measured here: a machine without what it needs. */
  readonly unmeasured?: string;
}

/** Judges a ratio against its goal: `<= x` or `>= x`. */
export function ratio(work: string, against: string, value: number, goal: string | null): Ratio {
  const parsed = goal === null ? null : /^(<=|>=) ([\d.]+)$/.exec(goal);
  if (goal !== null && !parsed) throw new Error(`a goal reads "<= 1.5" or ">= 4", not "${goal}"`);
  const met = parsed && (parsed[1] === '<=' ? value <= Number(parsed[2]) : value >= Number(parsed[2]));
  return { work, against, ratio: Number(value.toPrecision(4)), goal, met };
}

/** @param samples any order @param q 0..1 @returns the nearest-rank quantile */
export function quantile(samples: readonly number[], q: number): number {
  if (samples.length === 0) throw new Error('a quantile of nothing');
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))]!;
}

export function round(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}

export function machine(): { cpu: string; cores: number; platform: string; node: string } {
  const cores = cpus();
  return {
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  };
}
