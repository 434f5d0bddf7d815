import type { Verdict } from './admission.js';
import type { Manifest } from './manifest.js';
import type { Refusal } from './refusal-codes.js';

/**
 * active: serves. standby: admitted, a newer version of its name serves. refused: see its refusal.
 * disabled: ONNX_ENABLED=false, so it was never judged. found: not judged yet.
 */
export type ModelState = 'found' | 'active' | 'standby' | 'refused' | 'disabled';

/** One version that lies under MODELS_DIR, whatever became of it. */
export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  readonly refusal: Refusal | undefined;
  /** Absent where it could not be read. */
  readonly manifest: Manifest | undefined;
  /** Absent where admission did not get to it. */
  readonly verdict: Verdict | undefined;
}

export interface RegistryStatus {
  readonly enabled: boolean;
  /** At least one model serves. */
  readonly ready: boolean;
  /** Why it is not ready, or what was refused; undefined when all is well. */
  readonly reason: string | undefined;
  readonly active: number;
  readonly refused: number;
  readonly versions: readonly ModelVersion[];
}

export function emptyVersion(name: string, version: string): ModelVersion {
  return { name, version, state: 'found', refusal: undefined, manifest: undefined, verdict: undefined };
}

export function summaryOf(registry: {
  enabled: boolean;
  loaded: boolean;
  directory: string;
  trouble: string | undefined;
  versions: readonly ModelVersion[];
}): RegistryStatus {
  const { enabled, versions } = registry;
  const active = versions.filter(({ state }) => state === 'active').length;
  const refused = versions.filter(({ state }) => state === 'refused').length;
  return { enabled, ready: active > 0, reason: reasonOf(registry, active), active, refused, versions };
}

function reasonOf(registry: Parameters<typeof summaryOf>[0], active: number): string | undefined {
  const { enabled, loaded, directory, trouble, versions } = registry;
  if (!loaded) return 'models are not loaded yet';
  if (!enabled) return 'ONNX_ENABLED is false: no model serves';
  if (trouble) return trouble;
  if (versions.length === 0) return `no model lies in ${directory}`;
  const refusals = versions
    .filter(({ state }) => state === 'refused')
    .map(({ name, version, refusal }) => `${name}@${version} ${refusal?.code}: ${refusal?.message}`);
  if (refusals.length === 0) return undefined;
  return active === 0 ? `every model was refused: ${refusals.join('; ')}` : `refused: ${refusals.join('; ')}`;
}
