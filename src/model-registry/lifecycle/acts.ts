import { refOf } from '../../domain/model.js';
import type { ModelEvent } from './model-event.js';
import { versionBefore } from './probation.js';
import type { Standing } from './standing.js';

/** What is asked of one model name. */
export type Act =
  | { readonly action: 'activate' | 'unshadow' | 'uncanary' | 'remove'; readonly version: string }
  | Beside
  | { readonly action: 'rollback' | 'pin' | 'unpin' };

/** What runs beside the version that serves. */
type Beside =
  | { readonly action: 'shadow'; readonly version: string }
  | { readonly action: 'canary'; readonly version: string; readonly share: number };

/** An act with who asks for it and why. */
export interface Asked {
  readonly name: string;
  readonly act: Act;
  /** ISO 8601 */
  readonly at: string;
  readonly who: string;
  readonly reason?: string | undefined;
  /** The version that the asker believes to serve, null for none: where another does, somebody else was first. */
  readonly from: string | null;
}

/** Why something cannot be done to a model. Codes are stable: users alert on them. */
export const LIFECYCLE_CODES = [
  'MODEL_UNKNOWN',
  'VERSION_UNKNOWN',
  'NOT_READY', // refused, uncertified, or not judged yet
  'NOT_FOR_TRADING', // serves no timeframes
  'NOTHING_BEFORE', // nothing to roll back to
  'NO_CANARY', // nothing to withdraw
  'IN_USE', // serves, is canary or shadow, or is what a rollback returns to or an ensemble is made of
  'PINNED', // nothing but an unpin changes what serves
  'CONFLICT', // another version serves than the asker believed
  'MODELS_UNREADABLE',
] as const;
export type LifecycleCode = (typeof LIFECYCLE_CODES)[number];

export interface LifecycleRefusal {
  readonly code: LifecycleCode;
  readonly message: string;
}

/** What is known of the name at the moment of the act. */
export interface Circumstances {
  readonly versions: readonly {
    readonly version: string;
    /** It serves timeframes. */
    readonly trades: boolean;
    /** Why it cannot serve; undefined: it can. */
    readonly unfit: string | undefined;
    /** An ensemble that is made of it. */
    readonly partOf?: string | undefined;
  }[];
  readonly standing: Standing;
  /** The version that serves. */
  readonly serving: string | null;
}

/** @returns the line for the log, or why it is not done */
export function judgeAct(asked: Asked, circumstances: Circumstances): ModelEvent | LifecycleRefusal {
  const { name, act, at, who, reason, from } = asked;
  const { serving, versions } = circumstances;
  if (versions.length === 0) return modelUnknown(name);
  if (from !== serving) {
    const now = serving === null ? `nothing of ${name} serves now` : `${refOf({ name, version: serving })} serves now`;
    return { code: 'CONFLICT', message: `${now}, not ${from ?? 'nothing'}: look again, then decide` };
  }
  const version = versionMeant(name, act, circumstances);
  if (typeof version !== 'string') return version;
  const share = act.action === 'canary' ? { share: act.share } : {};
  const event: ModelEvent = { at, who, action: act.action, name, version, from: serving, ...share };
  return reason === undefined ? event : { ...event, reason };
}

function versionMeant(name: string, act: Act, now: Circumstances): string | LifecycleRefusal {
  const { standing, serving } = now;
  const changesWhatServes = ['activate', 'rollback', 'canary'].includes(act.action);
  if (standing.pinned && changesWhatServes)
    return { code: 'PINNED', message: `${name} is pinned to ${serving ?? standing.choice}: unpin it first` };
  switch (act.action) {
    case 'activate':
      return fit(name, act.version, now) ?? act.version;
    case 'rollback': {
      const version = versionBefore(standing, serving);
      if (version !== undefined) return fit(name, version, now) ?? version;
      return { code: 'NOTHING_BEFORE', message: `nothing served before what serves of ${name} now` };
    }
    case 'shadow':
    case 'canary':
      return beside(name, act, now) ?? act.version;
    case 'unshadow':
      return unknown(name, act.version, now) ?? act.version;
    case 'uncanary':
      return withdrawn(name, act.version, standing);
    case 'pin':
      return serving ?? nothingServes(name);
    case 'unpin':
      return serving ?? (standing.pinned ? standing.choice : null) ?? nothingServes(name);
    case 'remove':
      return unknown(name, act.version, now) ?? inUse(name, act.version, now) ?? act.version;
  }
}

export function modelUnknown(name: string): LifecycleRefusal {
  return { code: 'MODEL_UNKNOWN', message: `no model is called ${name}` };
}

export function versionUnknown(
  name: string,
  version: string,
  versions: readonly { readonly version: string }[],
): LifecycleRefusal {
  const known = versions.map((one) => one.version).join(', ');
  return { code: 'VERSION_UNKNOWN', message: `${name} has no version ${version}; it has ${known}` };
}

/** @param share of the symbols, 0..1; 0 withdraws it */
export function canaryAct(version: string, share: number): Act {
  return share === 0 ? { action: 'uncanary', version } : { action: 'canary', version, share };
}

function unknown(name: string, version: string, { versions }: Circumstances): LifecycleRefusal | undefined {
  return versions.some((one) => one.version === version) ? undefined : versionUnknown(name, version, versions);
}

/** @returns why the version cannot serve */
function fit(name: string, version: string, now: Circumstances): LifecycleRefusal | undefined {
  const absent = unknown(name, version, now);
  if (absent) return absent;
  const { unfit, trades } = now.versions.find((one) => one.version === version)!;
  const ref = refOf({ name, version });
  if (unfit !== undefined) return { code: 'NOT_READY', message: `${ref} cannot serve: ${unfit}` };
  if (trades) return undefined;
  return { code: 'NOT_FOR_TRADING', message: `${ref} serves no timeframes: it was imported without --timeframes` };
}

function beside(name: string, { action, version }: Beside, now: Circumstances): LifecycleRefusal | undefined {
  if (version === now.serving) return { code: 'IN_USE', message: `${refOf({ name, version })} serves already` };
  const alone = action === 'canary' && now.serving === null;
  if (alone) return nothingServes(name);
  return fit(name, version, now);
}

function nothingServes(name: string): LifecycleRefusal {
  return { code: 'NOT_READY', message: `nothing of ${name} serves: activate a version first` };
}

function withdrawn(name: string, version: string, { canary }: Standing): string | LifecycleRefusal {
  if (canary?.version === version) return version;
  const instead = canary ? `; ${refOf({ name, version: canary.version })} is` : '';
  return { code: 'NO_CANARY', message: `${refOf({ name, version })} is no canary${instead}` };
}

function inUse(
  name: string,
  version: string,
  { standing, serving, versions }: Circumstances,
): LifecycleRefusal | undefined {
  const { partOf } = versions.find((one) => one.version === version)!;
  const use =
    version === serving
      ? 'serves'
      : standing.canary?.version === version
        ? 'is canary'
        : standing.shadows.includes(version)
          ? 'runs in shadow'
          : standing.before.includes(version)
            ? `is what a rollback of ${name} returns to`
            : partOf && `is what ${partOf} is made of`;
  return use === undefined ? undefined : { code: 'IN_USE', message: `${refOf({ name, version })} ${use}` };
}
