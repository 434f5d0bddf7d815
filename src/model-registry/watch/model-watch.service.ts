import { join } from 'node:path';
import { refOf, type ModelRef } from '../../domain/model.js';
import type { Clock } from '../../platform/clock.js';
import type { KnownFeatures } from '../manifest.js';
import { fingerprintsIn, isComplete, readVersion, type Found } from '../model-folders.service.js';
import { Arrivals } from './arrivals.js';

/** What came and went since the look before. */
export interface Noticed {
  readonly arrived: readonly Found[];
  readonly gone: readonly ModelRef[];
}

/** Looks at MODELS_DIR again and again; a folder arrives when it is complete, or when nobody writes to it any more. */
export class ModelWatch {
  readonly #arrivals = new Arrivals();

  constructor(
    private readonly directory: string,
    private readonly features: KnownFeatures,
    private readonly clock: Clock,
  ) {}

  /** The registry has these as they lie. */
  take(found: readonly Found[]): void {
    for (const one of found) this.#arrivals.take(refOf(one), one.fingerprint);
  }

  /** @throws where the directory cannot be read: nothing is gone for that */
  async look(): Promise<Noticed> {
    const { still, abandoned, gone } = this.#arrivals.look(await fingerprintsIn(this.directory), this.clock.wallNow());
    const arrived: Found[] = [];
    for (const ref of still) {
      const found = await this.read(modelOf(ref));
      if (found && (await isComplete(found))) arrived.push(found);
    }
    for (const ref of abandoned) {
      const found = await this.read(modelOf(ref));
      if (found) arrived.push(found);
    }
    this.take(arrived);
    for (const ref of gone) this.#arrivals.forget(ref);
    return { arrived, gone: gone.map(modelOf) };
  }

  /** @returns a version as it lies, undefined where its folder is gone */
  async read(model: ModelRef): Promise<Found | undefined> {
    const folder = join(this.directory, model.name, model.version);
    return readVersion(model, folder, this.features).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
  }
}

function modelOf(ref: string): ModelRef {
  const at = ref.indexOf('@');
  return { name: ref.slice(0, at), version: ref.slice(at + 1) };
}
