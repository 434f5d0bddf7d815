import { Inject, Injectable, Logger } from '@nestjs/common';
import { join } from 'node:path';
import { refOf, variantLabel, type ActiveModel, type Variant } from '../domain/model.js';
import { graphicsCard } from '../engines/graphics-card.service.js';
import { providersFor } from '../engines/provider.js';
import { Settings } from '../platform/config/settings.js';
import { Outlet } from '../platform/outlet.js';
import type { Judged, Runnable, Verdict, Wishes } from './admission/admission.js';
import { AdmissionService } from './admission/admission.service.js';
import { certifiedVariants } from './certification/certificate.js';
import { fileOf } from './certification/model-file.js';
import { FeatureCatalogue } from './feature-catalogue.port.js';
import { LifecycleLog } from './lifecycle/lifecycle-log.service.js';
import { standings } from './lifecycle/standing.js';
import { activeModelOf } from './manifest.js';
import { findVersions, type Found } from './model-folders.service.js';
import { summaryOf, type ModelState, type ModelVersion, type RegistryStatus } from './model-status.js';
import type { Refusal } from './refusal-codes.js';
import { chooseActive, type Choice } from './versions.js';

const ON_CPU: Variant = { engine: 'onnx', provider: 'cpu', precision: 'full' };

/** A version with what the admission process said of it. */
interface Admitted {
  readonly found: Found;
  readonly verdict: Verdict | undefined;
  readonly refusal: Refusal | undefined;
  readonly model: ActiveModel | undefined;
}

/**
 * Finds every model version under MODELS_DIR, has each judged (manifest and certificate here, the file itself in the
 * admission process) and hands on those that run. States of a version: found → refused | standby | shadow | active |
 * disabled.
 */
@Injectable()
export class ModelRegistryService {
  readonly activations = new Outlet<readonly ActiveModel[]>('activations');
  readonly #log = new Logger('ModelRegistry');
  readonly #directory: string;
  readonly #config: Settings['config'];
  readonly #lifecycle: LifecycleLog;
  readonly #wishes: Wishes;
  /** By fingerprint: what has not changed is not judged again. */
  #verdicts = new Map<string, Verdict>();
  #versions: readonly ModelVersion[] = [];
  #seen = -1;
  #loading: Promise<void> | undefined;
  #loaded = false;
  #stopped = false;
  #trouble: string | undefined;

  constructor(
    settings: Settings,
    @Inject(FeatureCatalogue) private readonly features: FeatureCatalogue,
    private readonly admission: AdmissionService,
  ) {
    const { EXECUTION_PROVIDER: provider, MIXED_PRECISION_ENABLED: mixed } = settings.config;
    this.#config = settings.config;
    this.#directory = settings.resolved.modelsDir;
    this.#lifecycle = new LifecycleLog(settings.resolved.home);
    this.#wishes = { provider, mixed, providers: providersFor(provider, graphicsCard()) };
  }

  /** Load, judge, hand on. A refused model never stops it; with none left the service runs, but is not ready. */
  async load(): Promise<void> {
    this.#loading = this.#load();
    await this.#loading.finally(() => (this.#loading = undefined));
  }

  /** Loads again where somebody did something to a model since. */
  async follow(): Promise<void> {
    if (this.#stopped || !this.#loaded || this.#loading || this.#lifecycle.size === this.#seen) return;
    await this.load();
  }

  status(): RegistryStatus {
    return summaryOf({
      enabled: this.#config.ONNX_ENABLED,
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

  async #load(): Promise<void> {
    this.#seen = this.#lifecycle.size;
    const decided = standings(this.#lifecycle.read());
    const all = await findVersions(this.#directory, this.features);
    this.#trouble = typeof all === 'string' ? all : undefined;
    const found = typeof all === 'string' ? [] : all;
    const verdicts = this.#config.ONNX_ENABLED ? await this.#judge(found) : new Map<string, Verdict>();
    if (this.#stopped) return;
    const admitted = found.map((one) => this.#admit(one, verdicts.get(one.fingerprint)));
    const serving = admitted.flatMap(({ model }) => (model && model.timeframes.length > 0 ? [model] : []));
    const choice = chooseActive(serving, decided, this.#config.MODEL_CACHE_SIZE);
    const before = new Map(this.#versions.map((one) => [refOf(one), one.state]));
    this.#versions = admitted.map((one) => this.#settle(one, choice));
    this.#loaded = true;
    this.#report(before);
    const shadows = choice.shadows.map((model): ActiveModel => ({ ...model, role: 'shadow' }));
    await this.activations.emit(this.#config.ONNX_ENABLED ? [...choice.active, ...shadows] : []);
  }

  /** @returns verdicts by fingerprint */
  async #judge(found: readonly Found[]): Promise<Map<string, Verdict>> {
    const judged = found.filter((one) => this.#refusalOf(one) === undefined);
    const anew = judged.filter(({ fingerprint }) => !this.#verdicts.has(fingerprint));
    const verdicts = anew.length > 0 ? await this.admission.judge(anew.map(judgedOf), this.#wishes) : [];
    const known = new Map(judged.map(({ fingerprint }) => [fingerprint, this.#verdicts.get(fingerprint)]));
    anew.forEach(({ fingerprint }, i) => known.set(fingerprint, verdicts[i]));
    this.#verdicts = new Map([...known].flatMap(([key, verdict]) => (verdict ? [[key, verdict]] : [])));
    return this.#verdicts;
  }

  #refusalOf({ refusal, certificate, uncertified }: Found): Refusal | undefined {
    if (refusal || certificate || this.#config.ALLOW_UNCERTIFIED) return refusal;
    const remedy = 'certify it (npm run cli -- models certify), or set ALLOW_UNCERTIFIED=true';
    return { code: 'UNCERTIFIED', message: `${uncertified}: ${remedy}` };
  }

  #admit(found: Found, verdict: Verdict | undefined): Admitted {
    const refusal = this.#refusalOf(found) ?? verdict?.refusal;
    const { manifest, folder } = found;
    const runnable = verdict?.chosen?.runnable;
    if (refusal || !manifest || !runnable) return { found, verdict, refusal, model: undefined };
    return { found, verdict, refusal, model: activeModelOf(manifest, join(folder, runnable.file), runnable.variant) };
  }

  #settle({ found, verdict, refusal, model }: Admitted, choice: Choice<ActiveModel>): ModelVersion {
    const { name, version, manifest, certificate } = found;
    const settled = (state: ModelState, why = refusal): ModelVersion => ({
      ...{ name, version, state, refusal: why, manifest, certificate, verdict },
    });
    if (refusal) return settled('refused');
    if (!this.#config.ONNX_ENABLED) return settled('disabled');
    if (!model) return settled('found');
    if (choice.active.includes(model)) return settled('active');
    if (choice.shadows.includes(model)) return settled('shadow');
    if (!choice.crowdedOut.includes(model)) return settled('standby');
    const message = `MODEL_CACHE_SIZE is ${this.#config.MODEL_CACHE_SIZE} and as many models with more weight serve`;
    return settled('refused', { code: 'CACHE_FULL', message });
  }

  #report(before: ReadonlyMap<string, ModelState>): void {
    if (this.#trouble) this.#log.error(this.#trouble);
    for (const one of this.#versions) {
      const { state, refusal, verdict, certificate } = one;
      const ref = refOf(one);
      if (before.get(ref) === state) continue;
      if (refusal) this.#log.error(`${ref} refused: ${refusal.code} ${refusal.message}`);
      else if (verdict?.chosen && (state === 'active' || state === 'shadow')) {
        const { runnable, why } = verdict.chosen;
        const golden = verdict.goldenWorst?.toExponential(1);
        this.#log.log(`${ref} is ${state} on ${variantLabel(runnable.variant)} (${why}), golden within ${golden}`);
        if (!certificate) this.#log.warn(`${ref} has no certificate: ALLOW_UNCERTIFIED is on`);
      } else this.#log.log(`${ref} is ${state}`);
      verdict?.notes?.forEach((note) => this.#log.warn(`${ref}: ${note}`));
    }
  }
}

function judgedOf({ name, version, folder, manifest, certificate }: Found): Judged {
  const uncertified = [{ variant: ON_CPU, sha256: manifest!.sha256 }];
  const variants = certificate ? certifiedVariants(certificate) : uncertified;
  const runnables = variants.map(({ variant, sha256 }): Runnable => ({ variant, sha256, file: fileOf(variant) }));
  return { candidate: { ref: refOf({ name, version }), folder, manifest: manifest! }, runnables };
}
