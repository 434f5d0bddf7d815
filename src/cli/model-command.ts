import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { FEATURE_NAMES, featureHashOf } from '../batch-inference/features/feature-table.js';
import { graphicsCard } from '../engines/graphics-card.service.js';
import { providersFor } from '../engines/provider.js';
import { ADMISSION_LIMITS, admissionEntry, AdmissionService } from '../model-registry/admission/admission.service.js';
import { Registrar } from '../model-registry/lifecycle/registrar.service.js';
import { readConfig } from '../platform/environment.service.js';

/** A refusal on its way to the terminal: one line, or JSON where that was asked for; exit code 1. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface Json {
  readonly json?: boolean;
}

export function registrar(): Registrar {
  const config = readConfig();
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return new Registrar({
    ...{
      modelsDir: resolve(config.MODELS_DIR),
      home: resolve(config.ALPHAPULSE_HOME),
      cacheSize: config.MODEL_CACHE_SIZE,
    },
    features: { names: FEATURE_NAMES, hashOf: featureHashOf },
    admission: new AdmissionService(admissionEntry(), ADMISSION_LIMITS),
    terms: {
      providers: providersFor(config.EXECUTION_PROVIDER, graphicsCard()),
      thresholds: { minConfidence: config.MIN_CONFIDENCE, minEdge: config.MIN_EDGE },
      ...{ madeAt: new Date().toISOString(), version },
    },
    who: userName(),
    rollbackWindowMs: config.ROLLBACK_WINDOW_MINUTES * 60_000,
  });
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

export function print(
  { json }: Json,
  value: unknown,
  text: () => string,
  jsonText = () => JSON.stringify(value, null, 2),
): void {
  process.stdout.write(`${json ? jsonText() : text()}\n`);
}

/** An error with a code is a refusal: it is told in a line and not by its stack. */
export function told<Arguments extends unknown[]>(
  action: (...all: Arguments) => Promise<void>,
): (...all: Arguments) => Promise<void> {
  return async (...all) => {
    try {
      await action(...all);
    } catch (error) {
      const { code, message } = error as { code?: unknown; message: string };
      if (typeof code !== 'string') throw error;
      const command = all.find((one) => one instanceof Command);
      const { json } = command?.opts<Json>() ?? {};
      process.stderr.write(json ? `${JSON.stringify({ code, message })}\n` : `${code}: ${message}\n`);
      process.exitCode = 1;
    }
  };
}
