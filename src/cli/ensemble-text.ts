import { refOf } from '../domain/model.js';
import type { Part } from '../model-registry/ensemble/combination.js';
import type { EnsembleManifest } from '../model-registry/ensemble/ensemble-manifest.js';

export function combinedText(manifest: EnsembleManifest): string {
  const ref = refOf(manifest);
  return `${ref} is registered: ${combinationText(manifest)}\nnext: npm run cli -- models activate ${ref}`;
}

export function ensembleLines(manifest: EnsembleManifest): string[] {
  return [combinationText(manifest), policyText(manifest), `timeframes: ${manifest.timeframes.join(', ')}`];
}

/** `weighted_vote of gbt@1.0.0 (weight 2), tcn@1.0.0 (weight 1)`, `stacking by meta@1.0.0 of gbt@1.0.0, tcn@1.0.0` */
export function combinationText({ ensemble }: EnsembleManifest): string {
  const judge = 'meta' in ensemble ? ensemble.meta : 'gate' in ensemble ? ensemble.gate : undefined;
  const members = ensemble.members.map((one) => {
    const part = 'weight' in one ? ` (weight ${one.weight})` : 'regime' in one ? ` (${one.regime})` : '';
    return `${nameOf(one)}${part}`;
  });
  return `${ensemble.method}${judge ? ` by ${nameOf(judge)}` : ''} of ${members.join(', ')}`;
}

function policyText({ ensemble }: EnsembleManifest): string {
  if (ensemble.on_failure === 'abstain') return 'a row that a member it needs does not answer abstains';
  return `a row is answered where at least ${ensemble.min_members ?? 1} of its members answer it`;
}

function nameOf({ model, version }: Part): string {
  return `${model}@${version}`;
}
