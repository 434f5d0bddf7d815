import { refOf } from '../domain/model.js';
import type { Role } from '../domain/role.js';
import type { Verdict } from './admission/admission.js';
import type { Certificate } from './certification/certificate.js';
import type { EnsembleManifest } from './ensemble/ensemble-manifest.js';
import type { ModelEvent } from './lifecycle/model-event.js';
import type { ModelState } from './memory/model-states.js';
import type { Probation } from './lifecycle/probation.js';
import type { Standing } from './lifecycle/standing.js';
import type { Manifest } from './manifest.js';
import type { Refusal } from './refusal-codes.js';

/** One version that lies under MODELS_DIR, whatever became of it. */
export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  /** What it does in memory; null: it is not there. */
  readonly role: Role | null;
  /** Of a canary: its share of the symbols. */
  readonly share: number;
  /** Why it may not serve, or why there is no room for it. */
  readonly refusal: Refusal | undefined;
  /** Absent where it could not be read, and of an ensemble. */
  readonly manifest: Manifest | undefined;
  /** Absent of a model. */
  readonly ensemble: EnsembleManifest | undefined;
  /** Absent: an ensemble has none, or ALLOW_UNCERTIFIED lets it run all the same. */
  readonly certificate: Certificate | undefined;
  /** Absent where admission did not get to it. */
  readonly verdict: Verdict | undefined;
}

/** All that is decided about one name. */
export interface ModelView {
  readonly name: string;
  /** The version that was decided to serve; it does where there is room. */
  readonly serving: string | null;
  readonly standing: Standing;
  readonly probation: Probation | undefined;
  /** Newest first. */
  readonly versions: readonly ModelVersion[];
  /** What was done to it, oldest first. */
  readonly acts: readonly ModelEvent[];
}

export interface RegistryStatus {
  readonly enabled: boolean;
  /** At least one model serves. */
  readonly ready: boolean;
  /** Why it is not ready, or what was refused; undefined when all is well. */
  readonly reason: string | undefined;
  readonly active: number;
  readonly canaries: number;
  readonly shadows: number;
  readonly failed: number;
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
  const count = (wanted: Role) => versions.filter(({ role }) => role === wanted).length;
  const active = count('active');
  const runs = versions.filter(({ role }) => role !== null && role !== 'standby');
  return {
    ...{ enabled, ready: active > 0, reason: reasonOf(registry, active) },
    ...{ active, canaries: count('canary'), shadows: count('shadow') },
    failed: versions.filter(({ state }) => state === 'failed').length,
    uncertified: runs.filter(({ certificate, ensemble }) => !certificate && !ensemble).map(refOf),
    versions,
  };
}

function reasonOf(registry: Parameters<typeof summaryOf>[0], active: number): string | undefined {
  const { enabled, loaded, directory, trouble, versions } = registry;
  if (!loaded) return 'models are not loaded yet';
  if (!enabled) return 'ONNX_ENABLED is false: no model serves';
  if (trouble) return trouble;
  if (versions.length === 0) return `no model lies in ${directory}`;
  const refusals = versions.flatMap((one) =>
    one.refusal ? [`${refOf(one)} ${one.refusal.code}: ${one.refusal.message}`] : [],
  );
  if (refusals.length > 0)
    return active === 0 ? `every model was refused: ${refusals.join('; ')}` : `refused: ${refusals.join('; ')}`;
  return active === 0 ? 'no model is active: npm run cli -- models activate <name>@<version>' : undefined;
}
