import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FEATURE_NAMES, featureHashOf } from '../../src/batch-inference/features/feature-table.js';
import { admissionEntry, AdmissionService } from '../../src/model-registry/admission/admission.service.js';
import { Registrar } from '../../src/model-registry/lifecycle/registrar.service.js';

const LIMITS = { judgeMs: 30_000, certifyMs: 120_000 };

/** A registry of its own in a temporary folder; the admission process is the real one, of the last build. */
export function freshRegistrar(
  entry = admissionEntry(),
  limits = LIMITS,
): { registrar: Registrar; modelsDir: string; remove(): void } {
  const home = mkdtempSync(join(tmpdir(), 'alphapulse-registrar-'));
  const modelsDir = join(home, 'models');
  const registrar = new Registrar({
    ...{ modelsDir, home, cacheSize: 10, who: 'ada', rollbackWindowMs: 0 },
    features: { names: FEATURE_NAMES, hashOf: featureHashOf },
    admission: new AdmissionService(entry, limits),
    terms: {
      ...{ providers: ['cpu'], thresholds: { minConfidence: 0.48, minEdge: 0.05 } },
      ...{ madeAt: '2026-01-01T00:00:00.000Z', version: '0' },
    },
  });
  return { registrar, modelsDir, remove: () => rmSync(home, { recursive: true, force: true }) };
}
