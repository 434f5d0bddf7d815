import { refOf, type ModelRef } from '../../domain/model.js';
import type { Role } from '../../domain/role.js';
import { compareVersions } from '../versions.js';
import { versionBefore } from '../lifecycle/probation.js';
import { UNDECIDED, type Standing } from '../lifecycle/standing.js';

/** An admitted version, as far as its place depends on it. */
export interface Candidate extends ModelRef {
  readonly weight: number;
  /** It serves timeframes. */
  readonly trades: boolean;
  /** When it was made or last asked, epoch ms. */
  readonly recency: number;
  /** `name@version` of the versions that an ensemble is made of. */
  readonly parts: readonly string[];
}

export interface Place<Model> {
  readonly model: Model;
  readonly role: Role;
  /** Of a canary. */
  readonly share: number;
}

/** Which admitted versions are in memory, and what each does there. */
export interface Arrangement<Model> {
  readonly places: readonly Place<Model>[];
  /** Somebody asked for them, and MODEL_CACHE_SIZE leaves no room. */
  readonly crowdedOut: readonly Model[];
}

export interface Room {
  /** By name, what was decided; a name that is not in it is undecided. */
  readonly decided: ReadonlyMap<string, Standing>;
  /** By name, the version that runs in shadow beside one on probation. */
  readonly guards: ReadonlyMap<string, string>;
  /** How many may be in memory at once (MODEL_CACHE_SIZE). */
  readonly limit: number;
}

/**
 * Of every name one version serves. There is room first for those that serve, the greatest weight first; then for canaries,
 * shadows, what ensembles among these are made of, the version before each that serves, which a rollback returns to without
 * loading, and last for whatever was made or asked most lately: it answers ad hoc requests.
 */
export function arrange<Model extends Candidate>(
  ready: readonly Model[],
  { decided, guards, limit }: Room,
): Arrangement<Model> {
  const names = [...new Set(ready.map(({ name }) => name))];
  const standingOf = (name: string): Standing => decided.get(name) ?? UNDECIDED;
  const tradable = ready.filter(({ trades }) => trades);
  const serving = new Map(names.map((name) => [name, servingOf(tradable, name, standingOf(name))]));
  const pick = (versionOf: (name: string) => readonly (string | undefined)[]): Model[] =>
    tradable.filter((model) => versionOf(model.name).includes(model.version));

  const actives = tradable.filter((model) => serving.get(model.name) === model).toSorted(byWeight);
  const canaries = pick((name) => [standingOf(name).canary?.version]);
  const shadows = pick((name) => standingOf(name).shadows);
  const guarding = pick((name) => [guards.get(name)]);
  const before = pick((name) => [versionBefore(standingOf(name), serving.get(name)?.version ?? null)]);
  const rest = ready.toSorted((a, b) => b.recency - a.recency);

  const ordered = new Map<Model, Place<Model>>();
  const place = (models: readonly Model[], role: Role, share = (_: Model) => 0): void => {
    for (const model of models) if (!ordered.has(model)) ordered.set(model, { model, role, share: share(model) });
  };
  place(actives, 'active');
  place(
    canaries.filter(({ name }) => serving.get(name)),
    'canary',
    ({ name }) => standingOf(name).canary!.share,
  );
  place([...canaries, ...shadows, ...guarding], 'shadow'); // a canary beside nothing that serves is recorded only
  const parts = new Set([...ordered.keys()].flatMap((model) => model.parts));
  place(
    ready.filter((model) => parts.has(refOf(model))),
    'member',
  );
  place([...before, ...rest], 'standby');

  const places = whole([...ordered.values()].slice(0, limit));
  const placed = new Set(places.map(({ model }) => model));
  const wanted = new Set([...actives, ...canaries, ...shadows]);
  return { places, crowdedOut: [...wanted].filter((model) => !placed.has(model)) };
}

/** An ensemble that a part of it found no room beside could not answer: it is left out too. */
function whole<Model extends Candidate>(places: readonly Place<Model>[]): readonly Place<Model>[] {
  const there = new Set(places.map(({ model }) => refOf(model)));
  return places.filter(({ model }) => model.parts.every((part) => there.has(part)));
}

/**
 * The version that was chosen, or the highest where nobody chose. Where that one is not admitted the one before it goes on
 * serving.
 * @param ready admitted versions that serve timeframes
 */
export function servingOf<Model extends ModelRef>(
  ready: readonly Model[],
  name: string,
  { choice, before }: Standing,
): Model | undefined {
  const versions = ready.filter((model) => model.name === name);
  if (choice === null) return undefined;
  if (choice === 'newest') return versions.toSorted((a, b) => compareVersions(b.version, a.version))[0];
  for (const version of [choice, ...before.toReversed()]) {
    const found = versions.find((model) => model.version === version);
    if (found) return found;
  }
  return undefined;
}

function byWeight(a: Candidate, b: Candidate): number {
  return b.weight - a.weight || (a.name < b.name ? -1 : 1);
}
