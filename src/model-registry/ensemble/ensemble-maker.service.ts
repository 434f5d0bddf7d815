import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { refOf } from '../../domain/model.js';
import { readSource } from '../importers/source-file.service.js';
import { VersionPlace } from '../importers/version-place.service.js';
import type { KnownFeatures } from '../manifest.js';
import { readVersion, type Found } from '../model-folders.service.js';
import type { Refusal } from '../refusal-codes.js';
import { manifestOf, namesIn, type EnsembleDraft, type EnsembleRequest } from './ensemble-draft.js';
import type { EnsembleManifest } from './ensemble-manifest.js';
import { resolveEnsemble } from './resolve-ensemble.js';

/** Pins a draft to the files of the versions that it names, and gives it its place in MODELS_DIR once it could serve. */
export class EnsembleMaker {
  /** @param madeAt ISO 8601 */
  constructor(
    private readonly directory: string,
    private readonly features: KnownFeatures,
    private readonly madeAt: string,
  ) {}

  /**
   * @param versions every version that is there, refused where it may not serve
   * @param find the version that a name stands for
   * @returns its manifest, or why it could not serve; nothing is registered then
   * @throws ImportRefused
   */
  async take(
    request: EnsembleRequest,
    draft: EnsembleDraft,
    versions: readonly Found[],
    find: (name: string) => Promise<Found>,
  ): Promise<EnsembleManifest | Refusal> {
    const place = new VersionPlace(this.directory, request);
    await place.requireFree();
    const golden = request.golden === undefined ? undefined : await readSource(resolve(request.golden));
    const pins = new Map<string, { version: string; sha256: string }>();
    for (const name of namesIn(draft)) {
      const { manifest, version, ...found } = await find(name);
      const message = `${refOf({ ...found, version })} is an ensemble itself`;
      if (!manifest) return found.refusal ?? { code: 'MEMBER_NOT_READY', message };
      pins.set(name, { version, sha256: manifest.sha256 });
    }
    const manifest = manifestOf(draft, request, this.madeAt, (name) => pins.get(name)!);
    return place.take(async (folder) => {
      await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
      if (golden) await writeFile(join(folder, 'golden.json'), golden);
      const { refusal, ensemble } = await readVersion(request, folder, this.features);
      if (refusal) return refusal;
      const resolved = resolveEnsemble(ensemble!, versions);
      return 'code' in resolved ? resolved : manifest;
    });
  }
}
