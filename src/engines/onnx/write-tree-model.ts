import { faultOf } from '../trees/ensemble-faults.js';
import { linkOutputs } from '../trees/link.js';
import { MODE } from '../trees/tree-ensemble.js';
import type { TreeModel } from '../trees/tree-model.js';
import { linkNodes } from './tree-model/link-nodes.js';
import { tensorInfo } from './onnx-node.js';
import { encodeModel, TYPE, type Draft, type OnnxGraph } from './onnx-proto.js';
import { ruleNodes } from './tree-model/rule-nodes.js';
import { joinedSets, type SetForm } from './tree-model/set-form.js';
import { treeEnsembleNode } from './tree-model/tree-ensemble-node.js';
import { NOTE_KEY, noteOf } from './tree-model/tree-model-note.js';

/** Who writes. */
export interface Producer {
  readonly version: string;
}

/**
 * A tree model as an ONNX file: input `features` [rows, features] through the column rules and a TreeEnsemble to output
 * `margins` [rows, targets], and through the link to output `predictions` [rows, linkOutputs]; all of the ensemble's type.
 * One thread of ONNX Runtime gives the margins of `applyRules` and `walk`, bit for bit. What the operators cannot tell
 * back lies in the metadata, for `readTreeModel`.
 * @param form `plain`: as an earlier version wrote it, whatever ONNX Runtime then makes of it
 * @returns the file's bytes; the same model gives the same bytes
 * @throws Error where the model breaks a promise of TreeEnsemble, or asks a column for a category that no rule makes whole
 */
export function writeTreeModel(model: TreeModel, producer: Producer, form: SetForm = 'parted'): Uint8Array {
  const fault = modelFault(model);
  if (fault !== undefined) throw new Error(`the tree model is unsound: ${fault}`);
  const parted = form === 'parted' ? joinedSets(model.ensemble) : new Set<number>();
  return encodeModel({
    ir_version: 8,
    opset_import: [
      { domain: '', version: 17 },
      { domain: 'ai.onnx.ml', version: 5 },
    ],
    producer_name: 'alphapulse',
    producer_version: producer.version,
    graph: graphOf(model, parted),
    metadata_props: [{ key: NOTE_KEY, value: JSON.stringify(noteOf(model, parted.size > 0 ? 2 : 1)) }],
  });
}

function graphOf({ ensemble, rules, link }: TreeModel, parted: ReadonlySet<number>): Draft<OnnxGraph> {
  const { float, features, targets } = ensemble;
  const type = float === 'float32' ? TYPE.FLOAT : TYPE.DOUBLE;
  const floats = (values: readonly number[]) =>
    float === 'float32' ? Float32Array.from(values) : Float64Array.from(values);
  const before = ruleNodes(rules, { features, floats });
  const trees = treeEnsembleNode(ensemble, [before.output, 'margins'], floats, parted);
  const after = linkNodes(link, type, { floats });
  return {
    name: 'tree-model',
    node: [...before.nodes, trees, ...after.nodes],
    initializer: [...before.initializers, ...after.initializers],
    input: [tensorInfo('features', type, ['rows', features])],
    output: [
      tensorInfo('margins', type, ['rows', targets]),
      tensorInfo(after.output, type, ['rows', linkOutputs(link, targets)]),
    ],
  };
}

/** @returns why a model cannot be written, undefined where it can */
export function modelFault({ ensemble, rules, featureNames }: TreeModel): string | undefined {
  const fault = faultOf(ensemble);
  if (fault !== undefined) return fault;
  const { features, mode, feature } = ensemble;
  const whole = new Set(rules.categories?.columns);
  if (ensemble.treeTarget.length === 0) return 'no tree';
  if (featureNames.length !== features) return `${featureNames.length} names of ${features} features`;
  const beyond = [...rules.zeroIsMissing, ...whole].find((column) => !(column >= 0 && column < features));
  if (beyond !== undefined) return `a rule for column ${beyond} of ${features}`;
  // ONNX Runtime cuts a fraction off before it looks into a large set, and not before a small one.
  const loose = mode.findIndex((one, i) => one === MODE.MEMBER && !whole.has(feature[i]));
  return loose < 0
    ? undefined
    : `node ${loose} asks column ${feature[loose]} for a category, and no rule makes it whole`;
}
