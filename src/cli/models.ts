import { Command, Option } from 'commander';
import { resolve } from 'node:path';
import { refOf } from '../domain/model.js';
import { isTimeframe, TIMEFRAMES, type Timeframe } from '../domain/timeframe.js';
import { declaredFeatures } from '../model-registry/importers/declared-features.js';
import { readSource } from '../model-registry/importers/source-file.service.js';
import type { Registrar } from '../model-registry/lifecycle/registrar.service.js';
import { readRows } from '../model-registry/scoring/rows-csv.js';
import { score } from '../model-registry/scoring/scoring.service.js';
import { combinedText } from './ensemble-text.js';
import { registerActs } from './model-acts.js';
import { print, Refusal, registrar, told, type Json } from './model-command.js';
import { historyText, importedText, listText, listJson, rowsJson, rowsText, showJson, showText } from './model-text.js';

/** `models …`: convert, certify, choose and score models. A running service follows within a second. */
export function registerModels(program: Command): void {
  const models = program.command('models').description('convert, certify, choose and score models');
  const command = (usage: string, description: string) =>
    models.command(usage).description(description).option('--json', 'as JSON');

  command('import <source>', 'a LightGBM text, XGBoost JSON or UBJSON, or ONNX file, or a folder of training/export')
    .requiredOption('--name <name>', 'lower case letters, digits and dashes')
    .option('--as-version <version>', 'like 1.2.0; absent: the one after the newest')
    .option('--timeframes <list>', 'serves these in the trading loop, like 5m,15m')
    .option('--classes <list>', 'what its columns are the probabilities of, like bull,bear,sideways')
    .option('--features <file>', 'a manifest.json or a JSON list of names: what its columns are, in its order')
    .option('--golden <file>', 'golden.json: rows and the native library’s answers')
    .addOption(
      new Option('--trees <which>', 'where the file names a best iteration').choices(['best', 'all']).default('best'),
    )
    .option('--reason <text>', 'why, for the log')
    .action(
      told(async (source: string, options: ImportOptions) => {
        const { name, golden, trees, features: declared, timeframes: listed, asVersion, reason } = options;
        const classes = options.classes?.split(',').map((one) => one.trim());
        const timeframes = listed === undefined ? [] : timeframesOf(listed);
        const features =
          declared === undefined ? undefined : declaredFeatures((await readSource(resolve(declared))).toString());
        const request = { source, name, timeframes, classes, features, golden, trees };
        const wanted = { ...request, ...(asVersion !== undefined && { version: asVersion }) };
        const taken = await registrar().import(wanted, reason);
        if ('code' in taken) throw new Refusal(taken.code, taken.message);
        print(options, taken, () => importedText(taken));
      }),
    );

  command(
    'ensemble <file>',
    'register an ensemble of versions that are there: a JSON file names them and how they combine',
  )
    .requiredOption('--name <name>', 'lower case letters, digits and dashes')
    .option('--as-version <version>', 'like 1.2.0; absent: the one after the newest')
    .option('--golden <file>', 'golden.json: rows of what its members answer, and what it answers')
    .option('--reason <text>', 'why, for the log')
    .action(
      told(async (file: string, { name, golden, asVersion, reason, ...options }: EnsembleOptions) => {
        const draft = (await readSource(resolve(file))).toString();
        const version = asVersion !== undefined && { version: asVersion };
        const made = await registrar().combine({ draft, name, golden, ...version }, reason);
        if ('code' in made) throw new Refusal(made.code, made.message);
        print(options, made, () => combinedText(made));
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
      const standing = await registry.standingOf(found.name);
      print(options, showJson(found, standing), () => showText(found, standing));
    }),
  );

  command('history <name>', 'what was done to it: when, by whom and why').action(
    told(async (name: string, options: Json) => {
      const events = await registrar().historyOf(name);
      print(options, events, () => historyText(events));
    }),
  );

  command('certify <model>', 'try every way of running it anew, on this machine').action(
    told(async (ref: string, options: Json) => {
      const registry = registrar();
      const certificate = await registry.certify(ref);
      if ('code' in certificate) throw new Refusal(certificate.code, certificate.message);
      const found = await registry.find(ref);
      const standing = await registry.standingOf(found.name);
      print(options, certificate, () => showText(found, standing));
    }),
  );

  registerActs(command);

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
  readonly classes?: string;
  readonly features?: string;
  readonly golden?: string;
  readonly trees: 'best' | 'all';
  readonly reason?: string;
}

interface EnsembleOptions extends Json {
  readonly name: string;
  readonly asVersion?: string;
  readonly golden?: string;
  readonly reason?: string;
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
  const { manifest, refusal, uncertified } = model;
  if (!manifest) throw new Refusal('NOT_READY', `${refOf(model)}: ${refusal?.message ?? uncertified}`);
  const columns = Array.from({ length: manifest.window }, (_, step) =>
    manifest.features.map((feature) =>
      manifest.window > 1 ? { ...feature, name: `${feature.name}[${step}]` } : feature,
    ),
  ).flat();
  const text = (await readSource(resolve(file))).toString();
  const read = readRows(text, columns, manifest.missing ?? manifest.margins !== undefined);
  if ('code' in read) throw new Refusal(read.code, read.message);
  return score(model, read.rows, read.values, { raw, engine });
}

function timeframesOf(text: string): readonly Timeframe[] {
  const named = text.split(',').map((one) => one.trim());
  const unknown = named.filter((one) => !isTimeframe(one));
  if (unknown.length > 0)
    throw new Refusal('TIMEFRAME_UNKNOWN', `no timeframe ${unknown.join(', ')}; there are ${TIMEFRAMES.join(', ')}`);
  return TIMEFRAMES.filter((timeframe) => named.includes(timeframe));
}
