import { readCategoryNames, type CategoryNames } from './category-names.js';
import type { DocumentReader, Numbers } from './document-reader.js';
import { fields } from './fields.js';
import { invalid, LIMITS, tooLarge } from './limits.js';
import { countOf, integers } from './numbers.js';
import { readTree, type SourceTree } from './source-tree.js';

/** A model file as it stands, each part sound by itself; what a file lacks is undefined. */
export interface SourceModel {
  /** [major, minor, patch]; empty where the file does not say. */
  version: readonly number[];
  /** `gbtree`, `dart`, `gblinear`. */
  booster?: string | undefined;
  objective?: string;
  baseScore?: string;
  features?: number;
  classes: number;
  targets: number;
  featureNames: readonly string[];
  bestIteration?: number;
  trees?: readonly SourceTree[];
  /** [trees] the target that a tree adds to. */
  treeInfo?: Numbers;
  /** [rounds + 1] first tree of each round. */
  roundStarts?: Numbers;
  /** Trees that a round grows a target, of a random forest. */
  parallelTrees?: number;
  /** [trees] DART's factor of each tree. */
  treeFactors?: Numbers;
  categoryNames?: CategoryNames;
}

/**
 * Reads a document of XGBoost 1.0 to 3.2. Fields that predictions do not depend on are not looked at.
 * @throws ImportRefused
 */
export function readModel(reader: DocumentReader): SourceModel {
  const model: SourceModel = { version: [], classes: 0, targets: 1, featureNames: [] };
  fields(reader, {
    learner: () => readLearner(reader, model),
    version: () => void (model.version = Array.from(integers(reader.numbers(), 'version', 0, 1e6))),
  });
  reader.end();
  return model;
}

function readLearner(reader: DocumentReader, model: SourceModel): void {
  fields(reader, {
    attributes: () =>
      fields(reader, { best_iteration: () => void (model.bestIteration = readCount(reader, 'best_iteration')) }),
    feature_names: () => void (model.featureNames = readTexts(reader)),
    gradient_booster: () => void (model.booster = readBooster(reader, model)),
    learner_model_param: () => readParameters(reader, model),
    objective: () => fields(reader, { name: () => void (model.objective = reader.string()) }),
  });
}

function readParameters(reader: DocumentReader, model: SourceModel): void {
  fields(reader, {
    base_score: () => void (model.baseScore = reader.string()),
    num_class: () => void (model.classes = readCount(reader, 'num_class')),
    num_feature: () => void (model.features = readCount(reader, 'num_feature')),
    num_target: () => void (model.targets = readCount(reader, 'num_target')),
  });
}

/** Dart holds a gbtree, which holds the trees. @returns the name of the outer one */
function readBooster(reader: DocumentReader, model: SourceModel): string | undefined {
  let name: string | undefined;
  fields(reader, {
    gbtree: () => void readBooster(reader, model),
    model: () => readForest(reader, model),
    name: () => void (name = reader.string()),
    weight_drop: () => readTreeFactors(reader, model),
  });
  return name;
}

function readForest(reader: DocumentReader, model: SourceModel): void {
  fields(reader, {
    cats: () => void (model.categoryNames = readCategoryNames(reader)),
    gbtree_model_param: () =>
      fields(reader, { num_parallel_tree: () => void (model.parallelTrees = readCount(reader, 'num_parallel_tree')) }),
    iteration_indptr: () => void (model.roundStarts = reader.numbers()),
    tree_info: () => void (model.treeInfo = reader.numbers()),
    trees: () => readTrees(reader, model),
    weight_drop: () => readTreeFactors(reader, model),
  });
}

function readTrees(reader: DocumentReader, model: SourceModel): void {
  if (model.trees !== undefined) throw invalid('the file has two forests');
  const trees: SourceTree[] = [];
  let nodes = 0;
  reader.array(() => {
    if (trees.length === LIMITS.trees) throw tooLarge('trees', LIMITS.trees);
    const tree = readTree(reader, trees.length);
    nodes += tree.mode.length;
    if (nodes > LIMITS.nodes) throw tooLarge('nodes', LIMITS.nodes);
    trees.push(tree);
  });
  model.trees = trees;
}

function readTreeFactors(reader: DocumentReader, model: SourceModel): void {
  if (model.treeFactors !== undefined) throw invalid('the file has weight_drop twice');
  model.treeFactors = reader.numbers();
}

function readTexts(reader: DocumentReader): string[] {
  const texts: string[] = [];
  reader.array(() => {
    if (texts.length === LIMITS.features) throw tooLarge('features', LIMITS.features);
    texts.push(reader.string());
  });
  return texts;
}

function readCount(reader: DocumentReader, what: string): number {
  return countOf(reader.string(), what);
}
