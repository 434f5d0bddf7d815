import type { Link } from '../../../engines/trees/link.js';
import { ImportRefused } from '../import-refused.js';
import type { Imported } from '../imported.js';
import { categoryNamesOf } from './category-names.js';
import { ColumnsAsked } from './columns-asked.js';
import { headerOf, type Header } from './header.js';
import { modelTextOf } from './model-text.js';
import { objectiveOf, type Objective } from './objective.js';
import { ensembleOf } from './trees.js';

export const MAX_BYTES = 256 * 2 ** 20;

/** @returns whether the file begins as LightGBM's text files do, with a line `tree` */
export function looksLikeLightgbm(bytes: Uint8Array): boolean {
  const [first] = new TextDecoder('latin1').decode(bytes.subarray(0, 16)).split('\n');
  return bytes.length >= 5 && first.trimEnd() === 'tree';
}

/**
 * A LightGBM text model (`save_model`, versions v2 to v4) as LightGBM 4.7.0 predicts with it, margins exact to the bit. All
 * trees of the file count: Python saves those up to `best_iteration`.
 * @throws ImportRefused
 */
export function importLightgbm(bytes: Uint8Array): Imported {
  if (bytes.length > MAX_BYTES) throw new ImportRefused('SOURCE_TOO_LARGE', `more than ${MAX_BYTES / 2 ** 20} MiB`);
  if (!looksLikeLightgbm(bytes)) throw new ImportRefused('FORMAT_UNKNOWN', 'a LightGBM text file begins with `tree`');
  const text = modelTextOf(decoded(bytes));
  const header = headerOf(text.header);
  const { targets, featureNames } = header;
  if (text.trees.length === 0 || text.trees.length % targets !== 0) {
    throw new ImportRefused('SOURCE_INVALID', `${text.trees.length} trees do not make whole iterations of ${targets}`);
  }
  const objective = objectiveOf(header.objective, targets);
  const columns = new ColumnsAsked(featureNames.length);
  const ensemble = ensembleOf(text.trees, targets, columns, featureNames.length);
  const { names, notes } = categoryNamesOf(text.pandasCategorical, header);
  const iterations = text.trees.length / targets;
  return {
    format: 'lightgbm-text',
    writtenBy: `lightgbm, text format ${header.version}`,
    objective: objective.name,
    model: { ensemble, rules: columns.rules(featureNames), link: linkOf(objective, header, iterations), featureNames },
    categoryNames: names,
    notes: [...notesOf(header, iterations), ...notes],
  };
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ImportRefused('SOURCE_INVALID', 'the file is not UTF-8 text');
  }
}

/** A forest's margins are sums; only its predictions are means. */
function linkOf({ transform }: Objective, { average }: Header, iterations: number): Link {
  return average ? { kind: 'average', n: iterations, then: transform } : transform;
}

function notesOf({ objective, average }: Header, iterations: number): string[] {
  return [
    ...(objective === undefined ? ['custom objective: predictions are the margins'] : []),
    ...(average ? [`random forest: predictions are means over ${iterations} iterations`] : []),
  ];
}
