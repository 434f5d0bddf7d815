import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { refOf, type ModelRef } from '../../domain/model.js';
import { modelName, modelVersion } from '../manifest.js';
import { IMPORT_FOLDER } from '../model-folders.service.js';
import type { Refusal } from '../refusal-codes.js';
import { ImportRefused } from './import-refused.js';

/** models/<name>/<version> of a version to be. It appears there whole or not at all. */
export class VersionPlace {
  readonly #place: string;

  /** @throws ImportRefused NAME_INVALID */
  constructor(
    private readonly directory: string,
    private readonly ref: ModelRef,
  ) {
    const { name, version } = ref;
    const fault = modelName.safeParse(name).error ?? modelVersion.safeParse(version).error;
    if (fault) throw new ImportRefused('NAME_INVALID', `"${refOf(ref)}" ${fault.issues[0]!.message}`);
    this.#place = join(directory, name, version);
  }

  /** @throws ImportRefused VERSION_EXISTS */
  async requireFree(): Promise<void> {
    const taken = await stat(this.#place).catch(() => undefined);
    if (taken) throw this.#exists();
  }

  /**
   * @param make fills a folder of its own; a refusal, which has a code, leaves nothing behind
   * @throws ImportRefused VERSION_EXISTS
   */
  async take<Made extends object>(make: (folder: string) => Promise<Made | Refusal>): Promise<Made | Refusal> {
    const folder = await mkdtemp(join(this.directory, IMPORT_FOLDER));
    try {
      const made = await make(folder);
      if ('code' in made) return made;
      await mkdir(dirname(this.#place), { recursive: true });
      await rename(folder, this.#place).catch((error: NodeJS.ErrnoException) => {
        // Somebody else's import of the same version was there first.
        throw error.code === 'ENOTEMPTY' || error.code === 'EEXIST' ? this.#exists() : error;
      });
      return made;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #exists(): ImportRefused {
    const remedy = 'a version never changes: import it as another (--as-version)';
    return new ImportRefused('VERSION_EXISTS', `${refOf(this.ref)} is there already, and ${remedy}`);
  }
}
