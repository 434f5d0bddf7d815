import { Inject, Injectable, Logger } from '@nestjs/common';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refOf, type ActiveModel } from '../domain/model.js';
import { Settings } from '../platform/config/settings.js';
import { Outlet } from '../platform/outlet.js';
import type { Candidate, Verdict } from './admission.js';
import { AdmissionService } from './admission.service.js';
import { FeatureCatalogue } from './feature-catalogue.port.js';
import { activeModelOf, checkManifest, type Manifest } from './manifest.js';
import type { Refusal } from './refusal-codes.js';
import { emptyVersion, summaryOf, type ModelVersion, type RegistryStatus } from './model-status.js';
import { chooseActive, compareVersions } from './versions.js';

const MANIFEST_LIMIT = 4 * 1024 * 1024;

interface Place {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

/**
 * Finds every model version under MODELS_DIR, has each judged (manifest here, the file itself in the admission process)
 * and hands on those that may serve. States of a version: found → refused | standby | active | disabled.
 */
@Injectable()
export class ModelRegistryService {
  readonly activations = new Outlet<readonly ActiveModel[]>('activations');
  readonly #log = new Logger('ModelRegistry');
  readonly #directory: string;
  readonly #enabled: boolean;
  readonly #limit: number;
  #versions: readonly ModelVersion[] = [];
  #loaded = false;
  #stopped = false;
  #trouble: string | undefined;

  constructor(
    settings: Settings,
    @Inject(FeatureCatalogue) private readonly features: FeatureCatalogue,
    private readonly admission: AdmissionService,
  ) {
    this.#directory = settings.resolved.modelsDir;
    this.#enabled = settings.config.ONNX_ENABLED;
    this.#limit = settings.config.MODEL_CACHE_SIZE;
  }

  /** Load, judge, hand on. A refused model never stops it; with none left the service runs, but is not ready. */
  async load(): Promise<void> {
    const places = await this.#places();
    const read = await Promise.all(places.map((place) => this.#read(place)));
    const candidates = read.flatMap(({ candidate }) => (candidate ? [candidate] : []));
    const verdicts = this.#enabled ? await this.admission.judge(candidates) : [];
    if (this.#stopped) return;
    const judged = read.map((found) => withVerdict(found, verdicts));
    const choice = chooseActive(
      judged.flatMap(({ model }) => (model ? [model] : [])),
      this.#limit,
    );
    this.#versions = judged.map(({ status, model }) => this.#settle(status, model, choice));
    this.#loaded = true;
    this.#report();
    await this.activations.emit(this.#enabled ? choice.active : []);
  }

  status(): RegistryStatus {
    return summaryOf({
      enabled: this.#enabled,
      loaded: this.#loaded,
      directory: this.#directory,
      trouble: this.#trouble,
      versions: this.#versions,
    });
  }

  /** A load under way is given up: nothing is handed on any more. */
  stop(): void {
    this.#stopped = true;
    this.admission.stop();
  }

  /** @returns every models/<name>/<version>, by name, newest version first */
  async #places(): Promise<Place[]> {
    this.#trouble = undefined;
    const names = await foldersIn(this.#directory).catch((error: NodeJS.ErrnoException) => {
      this.#trouble = `MODELS_DIR ${this.#directory} cannot be read (${error.code ?? error.message})`;
      return [];
    });
    const places: Place[] = [];
    for (const name of names.sort()) {
      const versions = await foldersIn(join(this.#directory, name));
      for (const version of versions.sort((a, b) => compareVersions(b, a))) {
        places.push({ name, version, folder: join(this.#directory, name, version) });
      }
    }
    return places;
  }

  async #read({ name, version, folder }: Place): Promise<Read> {
    const nothing = emptyVersion(name, version);
    const file = join(folder, 'manifest.json');
    const raw = await readJson(file);
    if ('code' in raw) return { status: { ...nothing, state: 'refused', refusal: raw } };
    const { manifest, faults } = checkManifest(raw.value, { name, version }, this.features);
    const status: ModelVersion = { ...nothing, manifest };
    const [first, ...others] = faults;
    if (first) {
      const message = [first, ...others].map((fault) => fault.message).join('; ');
      return { status: { ...status, state: 'refused', refusal: { code: first.code, message } } };
    }
    const { sha256, input, output } = manifest!;
    return { status, candidate: { ref: refOf({ name, version }), folder, sha256, input, output }, manifest: manifest! };
  }

  #settle(
    status: ModelVersion,
    model: ActiveModel | undefined,
    choice: ReturnType<typeof chooseActive<ActiveModel>>,
  ): ModelVersion {
    if (status.state === 'refused') return status;
    if (!this.#enabled) return { ...status, state: 'disabled' };
    if (!model) return status;
    if (choice.active.includes(model)) return { ...status, state: 'active' };
    if (choice.standby.includes(model)) return { ...status, state: 'standby' };
    const message = `MODEL_CACHE_SIZE is ${this.#limit} and as many models with more weight serve`;
    return { ...status, state: 'refused', refusal: { code: 'CACHE_FULL', message } };
  }

  #report(): void {
    if (this.#trouble) this.#log.error(this.#trouble);
    for (const { name, version, state, refusal, verdict } of this.#versions) {
      const ref = refOf({ name, version });
      if (refusal) this.#log.error(`${ref} refused: ${refusal.code} ${refusal.message}`);
      else if (state === 'active')
        this.#log.log(`${ref} admitted, golden within ${verdict?.goldenWorst?.toExponential(1)}`);
      else this.#log.log(`${ref} is ${state}`);
    }
  }
}

interface Read {
  readonly status: ModelVersion;
  readonly candidate?: Candidate;
  readonly manifest?: Manifest;
}

function withVerdict(
  { status, candidate, manifest }: Read,
  verdicts: readonly Verdict[],
): { status: ModelVersion; model?: ActiveModel } {
  const verdict = candidate && verdicts.find(({ ref }) => ref === candidate.ref);
  if (!candidate || !manifest || !verdict) return { status };
  if (verdict.refusal) return { status: { ...status, state: 'refused', refusal: verdict.refusal, verdict } };
  return { status: { ...status, verdict }, model: activeModelOf(manifest, join(candidate.folder, 'model.onnx')) };
}

async function foldersIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const folders: string[] = [];
  for (const entry of entries) {
    const isFolder =
      entry.isDirectory() || (entry.isSymbolicLink() && (await isDirectory(join(directory, entry.name))));
    if (isFolder && !entry.name.startsWith('.')) folders.push(entry.name);
  }
  return folders;
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function readJson(file: string): Promise<{ value: unknown } | Refusal> {
  const size = await stat(file).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === undefined) return { code: 'MANIFEST_MISSING', message: 'no manifest.json in its folder' };
  if (size > MANIFEST_LIMIT)
    return { code: 'MANIFEST_INVALID', message: `manifest.json is larger than ${MANIFEST_LIMIT} bytes` };
  try {
    return { value: JSON.parse(await readFile(file, 'utf8')) };
  } catch (error) {
    return { code: 'MANIFEST_INVALID', message: `manifest.json: ${(error as Error).message}` };
  }
}
