import { Command, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { FEATURE_NAMES, featureHashOf } from '../batch-inference/features/feature-table.js';
import { refOf } from '../domain/model.js';
import { isTimeframe, TIMEFRAMES, type Timeframe } from '../domain/timeframe.js';
import { graphicsCard } from '../engines/graphics-card.service.js';
import { providersFor } from '../engines/provider.js';
import { ADMISSION_LIMITS, admissionEntry, AdmissionService } from '../model-registry/admission/admission.service.js';
import { declaredFeatures } from '../model-registry/importers/declared-features.js';
import { readSource } from '../model-registry/importers/source-file.service.js';
import { Registrar } from '../model-registry/lifecycle/registrar.service.js';
import { readRows } from '../model-registry/scoring/rows-csv.js';
import { score } from '../model-registry/scoring/scoring.service.js';
import { readConfig } from '../platform/environment.service.js';
import { importedText, listText, listJson, rowsJson, rowsText, showJson, showText } from './model-text.js';

/** A refusal on its way to the terminal: one line, or JSON where that was asked for; exit code 1. */
class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Json {
  readonly json?: boolean;
}

/** `models …`: convert, certify, choose and score models. A running service follows within a second. */
export function registerModels(program: Command): void {
  const models = program.command('models').description('convert, certify, choose and score models');
  const command = (usage: string, description: string) =>
    models.command(usage).description(description).option('--json', 'as JSON');

  command('import <source>', 'a LightGBM text, XGBoost JSON or UBJSON, or ONNX file, or a folder of training/export')
    .requiredOption('--name <name>', 'lower case letters, digits and dashes')
    .option('--as-version <version>', 'like 1.2.0; absent: the one after the newest')
    .option('--timeframes <list>', 'serves these in the trading loop, like 5m,15m')
    .option('--features <file>', 'a manifest.json or a JSON list of names: what its columns are, in its order')
    .option('--golden <file>', 'golden.json: rows and the native library’s answers')
    .addOption(
      new Option('--trees <which>', 'where the file names a best iteration').choices(['best', 'all']).default('best'),
    )
    .action(
      told(async (source: string, options: ImportOptions) => {
        const { name, golden, trees, features: declared, timeframes: listed, asVersion } = options;
        const timeframes = listed === undefined ? [] : timeframesOf(listed);
        const features =
          declared === undefined ? undefined : declaredFeatures((await readSource(resolve(declared))).toString());
        const request = { source, name, timeframes, features, golden, trees };
        const taken = await registrar().import({ ...request, ...(asVersion !== undefined && { version: asVersion }) });
        if ('code' in taken) throw new Refusal(taken.code, taken.message);
        print(options, taken, () => importedText(taken));
      }),
    );

  command('list', 'every version: its state, how it runs, its certificate').action(
    told(async (options: Json) => {
      const found = await registrar().list();
      print(options, listJson(found), () => listText(found));
    }),
  );

  command('show <model>', 'one version whole: name or name@version').action(
    told(async (ref: string, options: Json) => {
      const registry = registrar();
      const found = await registry.find(ref);
      const standing = registry.standingOf(found.name);
      print(options, showJson(found, standing), () => showText(found, standing));
    }),
  );

  command('certify <model>', 'try every way of running it anew, on this machine').action(
    told(async (ref: string, options: Json) => {
      const registry = registrar();
      const certificate = await registry.certify(ref);
      if ('code' in certificate) throw new Refusal(certificate.code, certificate.message);
      const found = await registry.find(ref);
      print(options, certificate, () => showText(found, registry.standingOf(found.name)));
    }),
  );

  command('activate <model>', 'serve this version: name@version').action(
    told(async (ref: string, options: Json) => {
      const { now, before } = await registrar().activate(ref);
      print(options, { active: refOf(now), before }, () => `${refOf(now)} serves; before it ${before ?? 'none'} did`);
    }),
  );

  command('rollback <name>', 'serve the version that served before').action(
    told(async (name: string, options: Json) => {
      const { now, before } = await registrar().rollback(name);
      print(options, { active: refOf(now), before }, () => `${refOf(now)} serves again; ${before ?? 'none'} does not`);
    }),
  );

  command('shadow <model>', 'run this version beside the one that serves: recorded, never traded')
    .option('--off', 'stop that')
    .action(
      told(async (ref: string, options: Json & { off?: boolean }) => {
        const model = refOf(await registrar().shadow(ref, !options.off));
        print(
          options,
          { model, shadow: !options.off },
          () => `${model} ${options.off ? 'no longer runs' : 'runs'} in shadow`,
        );
      }),
    );

  command('remove <model>', 'delete a version that is not in use: name@version').action(
    told(async (ref: string, options: Json) => {
      const removed = refOf(await registrar().remove(ref));
      print(options, { removed }, () => `${removed} is removed`);
    }),
  );

  command('predict <model>', 'score a file of rows: name or name@version')
    .requiredOption('--rows <file>', 'CSV; an empty field is a missing value')
    .option('--raw', 'margins, before the last transform')
    .addOption(new Option('--engine <engine>', 'absent: the fastest that is certified').choices(['onnx', 'tree']))
    .action(
      told(async (ref: string, options: PredictOptions) => {
        const model = await registrar().find(ref);
        const scored = await predict(model, options);
        print(
          options,
          undefined,
          () => rowsText(scored),
          () => rowsJson(scored),
        );
      }),
    );
}

interface ImportOptions extends Json {
  readonly name: string;
  readonly asVersion?: string;
  readonly timeframes?: string;
  readonly features?: string;
  readonly golden?: string;
  readonly trees: 'best' | 'all';
}

interface PredictOptions extends Json {
  readonly rows: string;
  readonly raw?: boolean;
  readonly engine?: 'onnx' | 'tree';
}

async function predict(
  model: Awaited<ReturnType<Registrar['find']>>,
  { rows: file, raw = false, engine }: PredictOptions,
) {
  const { manifest } = model;
  const columns = Array.from({ length: manifest?.window ?? 1 }, (_, step) =>
    (manifest?.features ?? []).map((feature) =>
      manifest!.window > 1 ? { ...feature, name: `${feature.name}[${step}]` } : feature,
    ),
  ).flat();
  const text = (await readSource(resolve(file))).toString();
  const read = readRows(text, columns, manifest?.missing ?? manifest?.margins !== undefined);
  if ('code' in read) throw new Refusal(read.code, read.message);
  return score(model, read.rows, read.values, { raw, engine });
}

function registrar(): Registrar {
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

function timeframesOf(text: string): readonly Timeframe[] {
  const named = text.split(',').map((one) => one.trim());
  const unknown = named.filter((one) => !isTimeframe(one));
  if (unknown.length > 0)
    throw new Refusal('TIMEFRAME_UNKNOWN', `no timeframe ${unknown.join(', ')}; there are ${TIMEFRAMES.join(', ')}`);
  return TIMEFRAMES.filter((timeframe) => named.includes(timeframe));
}

function print(
  { json }: Json,
  value: unknown,
  text: () => string,
  jsonText = () => JSON.stringify(value, null, 2),
): void {
  process.stdout.write(`${json ? jsonText() : text()}\n`);
}

/** An error with a code is a refusal: it is told in a line and not by its stack. */
function told<Arguments extends unknown[]>(
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
