import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FEATURE_NAMES, featureHashOf } from '../src/batch-inference/features/feature-table.js';
import { refOf, type ActiveModel, type Variant } from '../src/domain/model.js';
import { certifiedVariants, readCertificate } from '../src/model-registry/certification/certificate.js';
import { chooseVariant } from '../src/model-registry/certification/choice.js';
import { fileOf } from '../src/model-registry/certification/model-file.js';
import { activeModelOf, checkManifest, type Manifest } from '../src/model-registry/manifest.js';
import { compareVersions } from '../src/model-registry/versions.js';

export const ON_CPU = { engine: 'onnx', provider: 'cpu', precision: 'full' } as const satisfies Variant;

/**
 * The models in models/, newest version each, checked by their manifests.
 * @param as `onnx`: each by ONNX Runtime on the CPU. `served`: each as its certificate found it to be fastest.
 */
export function shippedModels(as: 'onnx' | 'served' = 'onnx'): ActiveModel[] {
  const root = resolve('models');
  return readdirSync(root).map((name) => {
    const version = readdirSync(join(root, name)).sort(compareVersions).at(-1)!;
    const folder = join(root, name, version);
    const checked = checkManifest(
      read(folder, 'manifest.json'),
      { name, version },
      { names: FEATURE_NAMES, hashOf: featureHashOf },
    );
    if (checked.manifest === undefined || checked.faults.length > 0)
      throw new Error(`models/${name}/${version} is refused: ${JSON.stringify(checked)}`);
    const variant = as === 'onnx' ? ON_CPU : fastest(folder, checked.manifest);
    return activeModelOf(checked.manifest, join(folder, fileOf(variant)), variant);
  });
}

function fastest(folder: string, manifest: Manifest): Variant {
  const { name, version, sha256, feature_hash: featureHash } = manifest;
  const certificate = readCertificate(read(folder, 'certificate.json'), {
    ref: refOf({ name, version }),
    sha256,
    featureHash,
  });
  if (typeof certificate === 'string') throw new Error(certificate);
  const certified = certifiedVariants(certificate).map(({ variant }, i) => ({
    variant,
    timed: certificate.variants.filter((one) => one.certified)[i]!.timed!,
  }));
  const timed = certified.map(({ variant, timed: { rows, ms } }) => ({ variant, rows, ms }));
  return chooseVariant(timed, { mixed: false, provider: 'cpu' })!.variant;
}

function read(folder: string, file: string): unknown {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}
