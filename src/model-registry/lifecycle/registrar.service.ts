import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { refOf, type ModelRef } from '../../domain/model.js';
import type { Role } from '../../domain/role.js';
import type { Terms } from '../admission/admission.js';
import type { AdmissionService } from '../admission/admission.service.js';
import type { Certificate } from '../certification/certificate.js';
import { readDraft, namesIn, type EnsembleRequest } from '../ensemble/ensemble-draft.js';
import { EnsembleMaker } from '../ensemble/ensemble-maker.service.js';
import { ensembleOf, partsIn, type EnsembleManifest } from '../ensemble/ensemble-manifest.js';
import { resolveEnsembles } from '../ensemble/resolve-ensemble.js';
import { ModelImport, type ImportedModel, type ImportRequest } from '../importers/model-import.service.js';
import type { KnownFeatures } from '../manifest.js';
import { declarationOf, findVersions, type Found } from '../model-folders.service.js';
import type { Refusal } from '../refusal-codes.js';
import { nextVersion } from '../versions.js';
import { canaryAct, judgeAct, modelUnknown, versionUnknown, type Act, type Asked, type Circumstances } from './acts.js';
import { arrange, servingOf, type Candidate } from '../memory/arrangement.js';
import { LifecycleLog } from './lifecycle-log.service.js';
import { LifecycleRefused } from './lifecycle-refused.js';
import type { ModelEvent } from './model-event.js';
import type { ModelState } from '../memory/model-states.js';
import { probationOf } from './probation.js';
import { standings, UNDECIDED, type Standing } from './standing.js';

/** One version as the log and its folder tell, without opening the model. */
export interface Listed extends Found {
  /** What it would be in a service that runs: `ready` is certified, `retired` finds no room. */
  readonly state: Extract<ModelState, 'active' | 'ready' | 'retired' | 'failed'>;
  readonly role: Role | null;
  /** Of a canary: its share of the symbols. */
  readonly share: number;
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
  /** How long an activation is on probation, ms. */
  readonly rollbackWindowMs: number;
}

/** What the person says beside what is to be done. */
export interface Said {
  readonly reason?: string | undefined;
  /** The version that the person believes to serve; absent: the one that does. */
  readonly from?: string | undefined;
}

export interface Done {
  readonly model: ModelRef;
  /** The version that served when it was done. */
  readonly before: string | null;
}

/** What people do to models: each act is checked, done to the files, and written to the lifecycle log. */
export class Registrar {
  readonly #log: LifecycleLog;

  constructor(private readonly options: RegistrarOptions) {
    this.#log = new LifecycleLog(options.home);
  }

  /** @param request without a version: the one after the newest */
  async import(
    request: Omit<ImportRequest, 'version'> & { version?: string },
    reason?: string,
  ): Promise<ImportedModel | Refusal> {
    const { modelsDir, features, admission, terms } = this.options;
    await mkdir(modelsDir, { recursive: true });
    const listed = (await this.list()).filter(({ name }) => name === request.name);
    const version = request.version ?? nextVersion(listed.map((one) => one.version));
    const taken = await new ModelImport(modelsDir, features, admission, terms).take({ ...request, version });
    if ('code' in taken) return taken;
    await this.#note('import', { name: request.name, version }, servingIn(listed, request.name), reason);
    return taken;
  }

  /**
   * Makes an ensemble of versions that are there: each is certified if it was not, and pinned to its file.
   * @param request without a version: the one after the newest
   */
  async combine(
    request: Omit<EnsembleRequest, 'version'> & { version?: string },
    reason?: string,
  ): Promise<EnsembleManifest | Refusal> {
    const { modelsDir, features, terms } = this.options;
    const draft = readDraft(request.draft);
    for (const ref of namesIn(draft)) {
      const refusal = await this.#certified(ref);
      if (refusal) return refusal;
    }
    const versions = await this.list();
    const listed = versions.filter(({ name }) => name === request.name);
    const version = request.version ?? nextVersion(listed.map((one) => one.version));
    const maker = new EnsembleMaker(modelsDir, features, terms.madeAt);
    const made = await maker.take({ ...request, version }, draft, versions, (ref) => this.find(ref));
    if ('code' in made) return made;
    await this.#note('import', { name: request.name, version }, servingIn(listed, request.name), reason);
    return made;
  }

  async list(): Promise<readonly Listed[]> {
    const { modelsDir, features, cacheSize, rollbackWindowMs, terms } = this.options;
    const lying = await findVersions(modelsDir, features);
    if (typeof lying === 'string') throw new LifecycleRefused({ code: 'MODELS_UNREADABLE', message: lying });
    const found = withEnsembles(lying);
    const decided = standings(await this.#log.read());
    const ready = found.flatMap(candidateOf);
    const guards = [...decided].flatMap(([name, standing]) => {
      const serving =
        servingOf(
          ready.filter(({ trades }) => trades),
          name,
          standing,
        )?.version ?? null;
      const probation = probationOf(standing, serving, Date.parse(terms.madeAt), rollbackWindowMs);
      return probation ? [[name, probation.guard] as const] : [];
    });
    const { places } = arrange(ready, { decided, guards: new Map(guards), limit: cacheSize });
    return found.map((one): Listed => {
      const place = places.find(({ model }) => refOf(model) === refOf(one));
      if (place)
        return { ...one, state: place.role === 'active' ? 'active' : 'ready', role: place.role, share: place.share };
      const fit = ready.some((candidate) => refOf(candidate) === refOf(one));
      return { ...one, state: fit ? 'retired' : 'failed', role: null, share: 0 };
    });
  }

  /** @param ref `name@version`, or `name`: the one that serves, else the newest @throws LifecycleRefused */
  async find(ref: string): Promise<Listed> {
    const at = ref.indexOf('@');
    const [name, version] = at < 0 ? [ref, undefined] : [ref.slice(0, at), ref.slice(at + 1)];
    const versions = (await this.list()).filter((one) => one.name === name);
    if (versions.length === 0) throw new LifecycleRefused(modelUnknown(name));
    const found =
      version !== undefined
        ? versions.find((one) => one.version === version)
        : (versions.find(({ state }) => state === 'active') ??
          versions.find(({ state }) => state !== 'failed') ??
          versions[0]);
    if (found) return found;
    throw new LifecycleRefused(versionUnknown(name, version!, versions));
  }

  async standingOf(name: string): Promise<Standing> {
    return standings(await this.#log.read()).get(name) ?? UNDECIDED;
  }

  /** @returns what was done to a name, oldest first @throws LifecycleRefused where it is unknown */
  async historyOf(name: string): Promise<readonly ModelEvent[]> {
    const events = (await this.#log.read()).filter((event) => event.name === name);
    if (events.length === 0) await this.find(name);
    return events;
  }

  /** Certifies a version anew on this machine. @returns the certificate, kept, or why there is none; an old one stays then */
  async certify(ref: string): Promise<Certificate | Refusal> {
    const { admission, terms } = this.options;
    const { folder, manifest, ensemble, refusal, uncertified, ...model } = await this.find(ref);
    if (ensemble) throw new LifecycleRefused({ code: 'NOT_READY', message: `${refOf(model)}: ${uncertified}` });
    if (!manifest || refusal) return refusal!;
    const certificate = await admission.certify({ ref: refOf(model), folder, manifest }, terms);
    if ('code' in certificate) return certificate;
    await writeFile(join(folder, 'certificate.json'), `${JSON.stringify(certificate, null, 1)}\n`);
    await this.#note('certify', model, servingIn(await this.list(), model.name));
    return certificate;
  }

  /** @param ref `name@version` @throws LifecycleRefused */
  async activate(ref: string, said: Said = {}): Promise<Done> {
    const { name, version } = await this.#named(ref);
    return this.#act(name, { action: 'activate', version }, said);
  }

  /** @param act of a name: what serves and what stands beside it is meant @throws LifecycleRefused */
  async onName(name: string, action: 'rollback' | 'pin' | 'unpin', said: Said = {}): Promise<Done> {
    return this.#act(name, { action }, said);
  }

  /** @param on false: it stops running beside the one that serves */
  async shadow(ref: string, on: boolean, said: Said = {}): Promise<Done> {
    const { name, version } = await this.#named(ref);
    return this.#act(name, { action: on ? 'shadow' : 'unshadow', version }, said);
  }

  /** @param share of the symbols, 0..1; 0 withdraws it */
  async canary(ref: string, share: number, said: Said = {}): Promise<Done> {
    const { name, version } = await this.#named(ref);
    return this.#act(name, canaryAct(version, share), said);
  }

  async uncanary(name: string, said: Said = {}): Promise<Done> {
    const { canary } = await this.standingOf((await this.find(name)).name);
    if (canary) return this.#act(name, { action: 'uncanary', version: canary.version }, said);
    throw new LifecycleRefused({ code: 'NO_CANARY', message: `${name} has no canary` });
  }

  /** Deletes a version's folder, and its name's where nothing else lies there. */
  async remove(ref: string, said: Said = {}): Promise<Done> {
    const { name, version, folder } = await this.#named(ref);
    const done = await this.#act(name, { action: 'remove', version }, said);
    await rm(folder, { recursive: true });
    await rmdir(dirname(folder)).catch(() => undefined);
    return done;
  }

  /** @returns why it has no certificate, undefined where it has one, or was given one */
  async #certified(ref: string): Promise<Refusal | undefined> {
    const { certificate, refusal, ensemble, ...model } = await this.find(ref);
    if (certificate || refusal || ensemble) return refusal;
    const made = await this.certify(refOf(model));
    return 'code' in made ? made : undefined;
  }

  /** @throws LifecycleRefused where the version is left open too */
  async #named(ref: string): Promise<Listed> {
    const found = await this.find(ref);
    if (ref.includes('@')) return found;
    const message = `name the version too, like ${refOf(found)}`;
    throw new LifecycleRefused({ code: 'VERSION_UNKNOWN', message });
  }

  /** What is believed to serve is what the list shows before: somebody who is faster is noticed. */
  async #act(name: string, act: Act, { reason, from }: Said): Promise<Done> {
    const all = await this.list();
    const listed = all.filter((one) => one.name === name);
    const { terms, who } = this.options;
    const ready = listed.flatMap(candidateOf).filter(({ trades }) => trades);
    const standingIn = (events: readonly ModelEvent[]) => standings(events).get(name) ?? UNDECIDED;
    const servingAt = (standing: Standing) => servingOf(ready, name, standing)?.version ?? null;
    const believed = from ?? servingAt(standingIn(await this.#log.read()));
    const asked: Asked = { name, act, at: terms.madeAt, who, reason, from: believed };
    const versions = listed.map((one) => fitness(one, all));
    const decided = await this.#log.append((events) => {
      const standing = standingIn(events);
      return judgeAct(asked, { standing, serving: servingAt(standing), versions });
    });
    if ('code' in decided) throw new LifecycleRefused(decided);
    return { model: { name, version: decided.version }, before: decided.from };
  }

  async #note(action: 'import' | 'certify', model: ModelRef, from: string | null, reason?: string): Promise<void> {
    const { terms, who } = this.options;
    const { name, version } = model;
    const event = { at: terms.madeAt, who, action, name, version, from };
    await this.#log.append(() => (reason === undefined ? event : { ...event, reason }));
  }
}

/** Ensembles whose members are not there, not certified, or others than they were made of are refused. */
function withEnsembles(found: readonly Found[]): readonly Found[] {
  const uncertified = ({ certificate, ensemble, uncertified: message = '' }: Found): Refusal | undefined =>
    certificate || ensemble ? undefined : { code: 'UNCERTIFIED', message };
  const resolved = resolveEnsembles(found.map((one) => ({ ...one, refusal: one.refusal ?? uncertified(one) })));
  return found.map((one) => {
    const ensemble = resolved.get(refOf(one));
    return ensemble && 'code' in ensemble ? { ...one, refusal: ensemble } : one;
  });
}

function servingIn(listed: readonly Listed[], name: string): string | null {
  return listed.find((one) => one.name === name && one.state === 'active')?.version ?? null;
}

/** Certified, as far as its files tell without being opened. */
function candidateOf(found: Found): Candidate[] {
  const { name, version, ensemble, refusal, certificate } = found;
  const declared = declarationOf(found);
  if (!declared || refusal || !(certificate || ensemble)) return [];
  const { weight, timeframes, created_at } = declared;
  const parts = ensemble ? partsIn(ensemble.manifest.ensemble) : [];
  return [
    {
      ...{ name, version, weight, trades: timeframes.length > 0, recency: Date.parse(created_at) },
      parts: parts.map((part) => refOf({ name: part.model, version: part.version })),
    },
  ];
}

function fitness(found: Found, all: readonly Found[]): Circumstances['versions'][number] {
  const { version, ensemble, refusal, certificate, uncertified } = found;
  const why = refusal ? `${refusal.code} ${refusal.message}` : uncertified;
  const whole = ensembleOf(found, all);
  return {
    ...{ version, trades: (declarationOf(found)?.timeframes.length ?? 0) > 0 },
    unfit: (certificate || ensemble) && !refusal ? undefined : why,
    partOf: whole && refOf(whole),
  };
}
