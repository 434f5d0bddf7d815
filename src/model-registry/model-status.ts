import type { Verdict } from './admission/admission.js';
import type { Certificate } from './certification/certificate.js';
import type { Manifest } from './manifest.js';
import type { Refusal } from './refusal-codes.js';

/**
 * active: serves. shadow: runs beside the active one, recorded and never traded. standby: admitted, another version of its
 * name serves, or it serves no timeframes. refused: see its refusal. disabled: ONNX_ENABLED=false, so it was never judged.
 * found: not judged yet.
 */
export const MODEL_STATES = ['found', 'active', 'shadow', 'standby', 'refused', 'disabled'] as const;
export type ModelState = (typeof MODEL_STATES)[number];

/** One version that lies under MODELS_DIR, whatever became of it. */
export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  readonly refusal: Refusal | undefined;
  /** Absent where it could not be read. */
  readonly manifest: Manifest | undefined;
  /** Absent: ALLOW_UNCERTIFIED lets it run all the same. */
  readonly certificate: Certificate | undefined;
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
  readonly shadows: number;
  readonly refused: number;
  /** ALLOW_UNCERTIFIED is on, and these run without a certificate. */
  readonly uncertified: readonly string[];
  readonly versions: readonly ModelVersion[];
}

export function summaryOf(registry: {
  enabled: boolean;
  loaded: boolean;
  directory: string;
  trouble: string | undefined;
  versions: readonly ModelVersion[];
}): RegistryStatus {
  const { enabled, versions } = registry;
  const count = (wanted: ModelState) => versions.filter(({ state }) => state === wanted).length;
  const active = count('active');
  const runs = versions.filter(({ state }) => state === 'active' || state === 'shadow');
  const uncertified = runs.filter(({ certificate }) => !certificate).map(({ name, version }) => `${name}@${version}`);
  return {
    ...{ enabled, ready: active > 0, reason: reasonOf(registry, active) },
    ...{ active, shadows: count('shadow'), refused: count('refused'), uncertified, versions },
  };
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
  if (refusals.length > 0)
    return active === 0 ? `every model was refused: ${refusals.join('; ')}` : `refused: ${refusals.join('; ')}`;
  return active === 0 ? 'no model is active: npm run cli -- models activate <name>@<version>' : undefined;
}
