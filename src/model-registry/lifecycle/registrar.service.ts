import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refOf, type ModelRef } from '../../domain/model.js';
import type { Terms } from '../admission/admission.js';
import type { AdmissionService } from '../admission/admission.service.js';
import type { Certificate } from '../certification/certificate.js';
import { ModelImport, type ImportedModel, type ImportRequest } from '../importers/model-import.service.js';
import type { KnownFeatures } from '../manifest.js';
import { findVersions, type Found } from '../model-folders.service.js';
import type { Refusal } from '../refusal-codes.js';
import { chooseActive, nextVersion } from '../versions.js';
import { LifecycleLog } from './lifecycle-log.service.js';
import { standings, UNDECIDED, type ModelAction, type Standing } from './standing.js';

/** Why something cannot be done to a model. Codes are stable. */
export type LifecycleCode =
  | 'MODEL_UNKNOWN'
  | 'VERSION_UNKNOWN'
  | 'NOT_READY' // refused or uncertified
  | 'NOT_FOR_TRADING' // serves no timeframes
  | 'NOTHING_BEFORE' // nothing to roll back to
  | 'IN_USE' // serves, shadows, or is what a rollback returns to
  | 'MODELS_UNREADABLE';

export class LifecycleRefused extends Error {
  constructor(
    readonly code: LifecycleCode,
    message: string,
  ) {
    super(message);
  }
}

/** One version as the log and its folder tell, without opening the model. */
export interface Listed extends Found {
  readonly state: 'active' | 'shadow' | 'standby' | 'refused';
}

export interface RegistrarOptions {
  readonly modelsDir: string;
  readonly home: string;
  readonly features: KnownFeatures;
  readonly admission: AdmissionService;
  readonly terms: Terms;
  /** Who acts, for the log. */
  readonly who: string;
  readonly cacheSize: number;
}

/** What people do to models: each act is checked, done to the files, and written to the lifecycle log. */
export class Registrar {
  readonly #log: LifecycleLog;

  constructor(private readonly options: RegistrarOptions) {
    this.#log = new LifecycleLog(options.home);
  }

  /** @param request without a version: the one after the newest */
  async import(request: Omit<ImportRequest, 'version'> & { version?: string }): Promise<ImportedModel | Refusal> {
    const { modelsDir, features, admission, terms } = this.options;
    await mkdir(modelsDir, { recursive: true });
    const listed = (await this.list()).filter(({ name }) => name === request.name);
    const version = request.version ?? nextVersion(listed.map((one) => one.version));
    const taken = await new ModelImport(modelsDir, features, admission, terms).take({ ...request, version });
    if ('code' in taken) return taken;
    this.#note('import', { name: request.name, version }, activeOf(listed, request.name));
    return taken;
  }

  async list(): Promise<readonly Listed[]> {
    const { modelsDir, features, cacheSize } = this.options;
    const found = await findVersions(modelsDir, features);
    if (typeof found === 'string') throw new LifecycleRefused('MODELS_UNREADABLE', found);
    const ready = found.filter(({ refusal, certificate }) => !refusal && certificate);
    const serving = ready.flatMap((one) =>
      one.manifest!.timeframes.length > 0 ? [{ ...one, weight: one.manifest!.weight }] : [],
    );
    const { active, shadows } = chooseActive(serving, this.#standings(), cacheSize);
    const within = (models: readonly ModelRef[], one: Found) => models.some((model) => refOf(model) === refOf(one));
    return found.map((one) => {
      if (!ready.includes(one)) return { ...one, state: 'refused' };
      return { ...one, state: within(active, one) ? 'active' : within(shadows, one) ? 'shadow' : 'standby' };
    });
  }

  /** @param ref `name@version`, or `name`: the one that serves, else the newest @throws LifecycleRefused */
  async find(ref: string): Promise<Listed> {
    const at = ref.indexOf('@');
    const [name, version] = at < 0 ? [ref, undefined] : [ref.slice(0, at), ref.slice(at + 1)];
    const versions = (await this.list()).filter((one) => one.name === name);
    if (versions.length === 0) throw new LifecycleRefused('MODEL_UNKNOWN', `no model is called ${name}`);
    const found =
      version !== undefined
        ? versions.find((one) => one.version === version)
        : (versions.find(({ state }) => state === 'active') ??
          versions.find(({ state }) => state !== 'refused') ??
          versions[0]);
    if (found) return found;
    const known = versions.map((one) => one.version).join(', ');
    throw new LifecycleRefused('VERSION_UNKNOWN', `${name} has no version ${version}; it has ${known}`);
  }

  standingOf(name: string): Standing {
    return this.#standings().get(name) ?? UNDECIDED;
  }

  /** Certifies a version anew on this machine. @returns the certificate, kept, or why there is none; an old one stays then */
  async certify(ref: string): Promise<Certificate | Refusal> {
    const { admission, terms } = this.options;
    const { folder, manifest, refusal, ...model } = await this.find(ref);
    if (!manifest || refusal) return refusal!;
    const certificate = await admission.certify({ ref: refOf(model), folder, manifest }, terms);
    if ('code' in certificate) return certificate;
    await writeFile(join(folder, 'certificate.json'), `${JSON.stringify(certificate, null, 1)}\n`);
    this.#note('certify', model, activeOf(await this.list(), model.name));
    return certificate;
  }

  /** @returns what serves from now on, and what did before */
  async activate(ref: string): Promise<{ now: ModelRef; before: string | null }> {
    const now = await this.#tradable(ref);
    const before = activeOf(await this.list(), now.name);
    this.#note('activate', now, before);
    return { now, before };
  }

  async rollback(name: string): Promise<{ now: ModelRef; before: string | null }> {
    const { name: known } = await this.find(name);
    const version = this.standingOf(known).before.at(-1);
    if (!version) throw new LifecycleRefused('NOTHING_BEFORE', `nothing served before what serves of ${known} now`);
    const now = await this.#tradable(`${known}@${version}`);
    const before = activeOf(await this.list(), known);
    this.#note('rollback', now, before);
    return { now, before };
  }

  /** @param on false: it stops running beside the one that serves */
  async shadow(ref: string, on: boolean): Promise<ModelRef> {
    const model = await this.#tradable(ref);
    if (on && model.state === 'active') throw new LifecycleRefused('IN_USE', `${refOf(model)} serves already`);
    this.#note(on ? 'shadow' : 'unshadow', model, activeOf(await this.list(), model.name));
    return model;
  }

  /** Deletes a version's folder. */
  async remove(ref: string): Promise<ModelRef> {
    const model = await this.#named(ref);
    const { name, version, state, folder } = model;
    if (state === 'active' || state === 'shadow') throw new LifecycleRefused('IN_USE', `${ref} is ${state}`);
    if (this.standingOf(name).before.includes(version))
      throw new LifecycleRefused('IN_USE', `${ref} is what a rollback of ${name} returns to`);
    this.#note('remove', model, activeOf(await this.list(), name));
    await rm(folder, { recursive: true });
    return model;
  }

  /** @throws LifecycleRefused where the version is left open too */
  async #named(ref: string): Promise<Listed> {
    const found = await this.find(ref);
    if (ref.includes('@')) return found;
    throw new LifecycleRefused('VERSION_UNKNOWN', `name the version too, like ${refOf(found)}`);
  }

  async #tradable(ref: string): Promise<Listed> {
    const found = await this.#named(ref);
    if (found.state === 'refused') {
      const why = found.refusal ? `${found.refusal.code} ${found.refusal.message}` : found.uncertified;
      throw new LifecycleRefused('NOT_READY', `${refOf(found)} cannot serve: ${why}`);
    }
    if (found.manifest!.timeframes.length > 0) return found;
    const imported = 'it was imported without --timeframes';
    throw new LifecycleRefused('NOT_FOR_TRADING', `${refOf(found)} serves no timeframes: ${imported}`);
  }

  #note(action: ModelAction, { name, version }: ModelRef, from: string | null): void {
    const { terms, who } = this.options;
    this.#log.append({ at: terms.madeAt, who, action, name, version, from });
  }

  #standings(): ReadonlyMap<string, Standing> {
    return standings(this.#log.read());
  }
}

function activeOf(listed: readonly Listed[], name: string): string | null {
  return listed.find((one) => one.name === name && one.state === 'active')?.version ?? null;
}
