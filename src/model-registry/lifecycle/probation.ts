import type { Standing } from './standing.js';

/** A version that was activated lately: what serves in its place if it does badly. */
export interface Probation {
  /** The version before it. It runs in shadow meanwhile, so that the two can be compared. */
  readonly guard: string;
  /** Epoch ms. */
  readonly endsAt: number;
}

/** @returns the version that a rollback returns to, undefined where there is none */
export function versionBefore({ before }: Standing, serving: string | null): string | undefined {
  return before.findLast((version) => version !== serving);
}

/**
 * @param serving the version that serves
 * @param now epoch ms @param windowMs how long an activation is on probation
 * @returns undefined where nothing is to be rolled back automatically: pinned, nothing before it, or long enough ago
 */
export function probationOf(
  standing: Standing,
  serving: string | null,
  now: number,
  windowMs: number,
): Probation | undefined {
  const { choice, activatedAt, pinned } = standing;
  if (activatedAt === null || pinned || serving === null || serving !== choice) return undefined;
  const guard = versionBefore(standing, serving);
  const endsAt = Date.parse(activatedAt) + windowMs;
  return guard !== undefined && now < endsAt ? { guard, endsAt } : undefined;
}
