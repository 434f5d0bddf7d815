import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FEATURE_NAMES, featureHashOf } from '../src/batch-inference/features/feature-table.js';
import type { ActiveModel } from '../src/domain/model.js';
import type { Timeframe } from '../src/domain/timeframe.js';
import {
  ADMISSION_LIMITS,
  admissionEntry,
  AdmissionService,
} from '../src/model-registry/admission/admission.service.js';
import { certifiedVariants, type Certificate } from '../src/model-registry/certification/certificate.js';
import { chooseVariant, type Choice } from '../src/model-registry/certification/choice.js';
import { fileOf } from '../src/model-registry/certification/model-file.js';
import { Registrar } from '../src/model-registry/lifecycle/registrar.service.js';
import { activeModelOf } from '../src/model-registry/manifest.js';

/** A model that came in through our own importer and certificate, as it would serve on a CPU. */
export interface Imported {
  readonly model: ActiveModel;
  /** Every certified way of running it with its time, fastest first. */
  readonly why: string;
}

/** Imports models into a folder of the bench as `npm run cli -- models import` does. */
export class BenchRegistry {
  readonly #modelsDir: string;
  readonly #registrar: Registrar;

  constructor(folder: string) {
    const { version } = JSON.parse(readFileSync(resolve('package.json'), 'utf8')) as { version: string };
    this.#modelsDir = join(folder, 'models');
    this.#registrar = new Registrar({
      ...{ modelsDir: this.#modelsDir, home: folder, who: 'bench', cacheSize: 10, rollbackWindowMs: 0 },
      features: { names: FEATURE_NAMES, hashOf: featureHashOf },
      admission: new AdmissionService(admissionEntry(), ADMISSION_LIMITS),
      terms: {
        ...{ providers: ['cpu'], thresholds: { minConfidence: 0.48, minEdge: 0.1 } },
        ...{ madeAt: new Date().toISOString(), version },
      },
    });
  }

  /** @throws when the model is refused */
  async import(name: string, source: string, timeframe: Timeframe): Promise<Imported> {
    const request = { name, source, timeframes: [timeframe], features: undefined, golden: undefined };
    const taken = await this.#registrar.import({ ...request, trees: 'all' });
    if ('code' in taken) throw new Error(`${source}: ${taken.code} ${taken.message}`);
    const { manifest, certificate } = taken;
    const { variant, why } = fastestOf(certificate);
    const folder = join(this.#modelsDir, name, manifest.version);
    return { model: activeModelOf(manifest, join(folder, fileOf(variant)), variant), why };
  }
}

function fastestOf(certificate: Certificate): Choice {
  const timed = certificate.variants.filter(({ certified }) => certified).map((one) => one.timed!);
  const ways = certifiedVariants(certificate).map(({ variant }, i) => ({ variant, ...timed[i]! }));
  return chooseVariant(ways, { mixed: false, provider: 'cpu' })!;
}
