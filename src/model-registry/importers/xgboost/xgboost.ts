import { ImportRefused } from '../import-refused.js';
import type { Imported, ImportOptions } from '../imported.js';
import { baseMargins } from './base-score.js';
import { isBinaryModel } from './binary-model.js';
import { ensembleOf, rulesOf } from './ensemble.js';
import { JsonReader } from './json-reader.js';
import { invalid, LIMITS, tooLarge } from './limits.js';
import { float32s, integers } from './numbers.js';
import { isNewer, objectiveOf } from './objective.js';
import { keptTrees } from './rounds.js';
import { readModel, type SourceModel } from './source-model.js';
import { UbjsonReader } from './ubjson-reader.js';

type Format = 'xgboost-json' | 'xgboost-ubjson';

/** Its first key stands within this many bytes. */
const HEAD_BYTES = 4096;

/** @returns whether the file begins as XGBoost's JSON, UBJSON or old binary files do; the last is refused with advice */
export function looksLikeXgboost(bytes: Uint8Array): boolean {
  return formatOf(bytes) !== undefined || isBinaryModel(bytes);
}

/**
 * A model that XGBoost 1.0 to 3.2 saved as JSON or UBJSON, as `Booster.predict` of 3.2 predicts with it: margins exact to the
 * bit, float32 throughout.
 * @throws ImportRefused
 */
export function importXgboost(bytes: Uint8Array, options: ImportOptions): Imported {
  if (bytes.length > LIMITS.bytes) throw tooLarge('bytes', LIMITS.bytes);
  const format = formatOf(bytes);
  if (format === undefined) throw new ImportRefused('FORMAT_UNKNOWN', adviceOn(bytes));
  const source = readModel(format === 'xgboost-json' ? new JsonReader(bytes) : new UbjsonReader(bytes));
  const { version } = source;
  const objective = required(source.objective, 'objective.name');
  if (source.booster === 'gblinear')
    throw new ImportRefused(
      'NOT_EXPRESSIBLE',
      'gblinear is a linear model, not trees: export it through training/export',
    );
  return {
    format,
    writtenBy: version.length === 0 ? '' : `xgboost ${version.join('.')}`,
    objective,
    ...assembled(source, objective, options),
  };
}

function assembled(source: SourceModel, name: string, { trees: choice }: ImportOptions) {
  const features = featuresOf(source);
  const targets = targetsOf(source);
  const { link, toMargin } = objectiveOf(name, source.version, targets);
  const forest = soundForest(source, features, targets);
  const { kept, notes } = keptTrees(source, forest.trees.length, forest.isVector ? 1 : targets, choice);
  const ensemble = ensembleOf({
    features,
    baseMargins: baseMargins(required(source.baseScore, 'base_score'), toMargin, targets),
    ...forest,
    trees: forest.trees.slice(0, kept),
  });
  return {
    model: { ensemble, rules: rulesOf(ensemble), link, featureNames: namesOf(source, features) },
    categoryNames: categoryNamesOf(source, features),
    notes: [...notes, ...notesOn(source)],
  };
}

function featuresOf({ features }: SourceModel): number {
  const count = required(features, 'num_feature');
  if (count === 0) throw invalid('num_feature is 0');
  if (count > LIMITS.features) throw tooLarge('features', LIMITS.features);
  return count;
}

/** Margins of a row: classes, or targets. */
function targetsOf({ classes, targets, trees = [] }: SourceModel): number {
  if (classes > 1 && targets > 1) throw invalid(`${classes} classes and ${targets} targets in one model`);
  const count = Math.max(classes, targets, 1);
  // Every round grows a tree for each, or one whose leaves hold a number for each.
  const widest = trees.reduce((most, { width }) => Math.max(most, width), trees.length);
  if (count > Math.max(widest, 1)) throw invalid(`${count} margins of ${trees.length} trees`);
  return count;
}

/** Each part against the others. */
function soundForest(source: SourceModel, features: number, targets: number) {
  const { booster } = source;
  const trees = required(source.trees, 'trees');
  const targetOf = integers(required(source.treeInfo, 'tree_info'), 'tree_info', 0, targets - 1);
  if (booster !== 'gbtree' && booster !== 'dart')
    throw new ImportRefused('NOT_EXPRESSIBLE', `booster ${JSON.stringify(booster)} is not known`);
  if (trees.length === 0) throw new ImportRefused('NOT_EXPRESSIBLE', 'the model has no trees: train it first');
  if (targetOf.length !== trees.length) throw invalid(`${targetOf.length} entries of tree_info, ${trees.length} trees`);
  trees.forEach(({ feature, width }, t) => {
    if (width !== 1 && width !== targets)
      throw invalid(`tree ${t} has leaves of ${width} numbers for ${targets} margins`);
    if (feature.some((column) => column >= features)) throw invalid(`tree ${t} asks for a column beyond ${features}`);
  });
  return { trees, targetOf, factors: factorsOf(source, trees.length), isVector: trees.some(({ width }) => width > 1) };
}

/** Dart has a factor for each tree. After 3.2 it is a gbtree that has them. */
function factorsOf({ booster, treeFactors }: SourceModel, trees: number): Float32Array | undefined {
  if (booster === 'dart' && treeFactors === undefined) throw invalid('dart without weight_drop');
  if (treeFactors !== undefined && treeFactors.length !== trees)
    throw invalid(`${treeFactors.length} entries of weight_drop, ${trees} trees`);
  return treeFactors && float32s(treeFactors);
}

function namesOf({ featureNames }: SourceModel, features: number): readonly string[] {
  if (featureNames.length === 0) return Array.from({ length: features }, (_, column) => `f${column}`);
  if (featureNames.length !== features) throw invalid(`${featureNames.length} feature names, ${features} features`);
  return featureNames;
}

function categoryNamesOf({ categoryNames }: SourceModel, features: number): Imported['categoryNames'] {
  const known = categoryNames?.known ?? new Map<number, string[]>();
  if (Array.from(known.keys()).some((column) => column >= features))
    throw invalid('categories of a column beyond the last');
  return known;
}

function notesOn({ version, booster, categoryNames }: SourceModel): string[] {
  return [
    ...(isNewer(version) ? [`written by XGBoost ${version.join('.')}; answers were compared with 3.2`] : []),
    ...(categoryNames?.damaged ?? []).map(
      (column) => `the names of column ${column}'s categories are not ASCII, which XGBoost saves damaged: left out`,
    ),
    ...(booster === 'dart'
      ? ['dart: as Booster.predict answers; inplace_predict differs from it in the last bits']
      : []),
  ];
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw invalid(`the file has no ${name}`);
  return value;
}

function formatOf(bytes: Uint8Array): Format | undefined {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, HEAD_BYTES));
  if (/^\s*\{\s*"/.test(head)) return head.includes('"learner"') ? 'xgboost-json' : undefined;
  return /^\{[N$#iUIlL]/.test(head) && head.includes('learner') ? 'xgboost-ubjson' : undefined;
}

function adviceOn(bytes: Uint8Array): string {
  return isBinaryModel(bytes)
    ? 'the old binary format of XGBoost: load it with XGBoost 1.0 to 3.0 and save it again with save_model("model.ubj")'
    : 'neither an XGBoost JSON nor an XGBoost UBJSON model (save_model, not dump_model)';
}
