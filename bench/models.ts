import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ActiveModel } from '../src/domain/model.js';
import { activeModelOf, checkManifest } from '../src/model-registry/manifest.js';
import { FEATURE_NAMES, featureHashOf } from '../src/batch-inference/features/feature-table.js';

/** The models in models/, newest version each, checked by their manifests. */
export function shippedModels(): ActiveModel[] {
  const root = resolve('models');
  return readdirSync(root).map((name) => {
    const version = readdirSync(join(root, name)).sort().at(-1)!;
    const folder = join(root, name, version);
    const checked = checkManifest(
      JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')),
      { name, version },
      { names: FEATURE_NAMES, hashOf: featureHashOf },
    );
    if (checked.manifest === undefined || checked.faults.length > 0)
      throw new Error(`models/${name}/${version} is refused: ${JSON.stringify(checked)}`);
    return activeModelOf(checked.manifest, join(folder, 'model.onnx'));
  });
}
