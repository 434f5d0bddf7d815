import { TINY } from '../../trees/columns.js';
import type { ColumnRules } from '../../trees/tree-model.js';
import { node } from '../onnx-node.js';
import { TYPE, type Draft, type OnnxNode, type OnnxTensor } from '../onnx-proto.js';
import { tensorOf, type TensorValues } from '../onnx-tensor.js';

export interface Steps {
  readonly nodes: Draft<OnnxNode>[];
  readonly initializers: Draft<OnnxTensor>[];
  /** The tensor that the last step makes. */
  readonly output: string;
}

/** What the steps are written for. */
export interface RuleShape {
  readonly features: number;
  /** Numbers in the model's type. */
  floats(values: readonly number[]): TensorValues;
}

/** Column rules as standard operators, in the order of `applyRules`, from the tensor `features` [rows, features] on. */
export function ruleNodes(rules: ColumnRules, shape: RuleShape): Steps {
  const steps: Steps = { nodes: [], initializers: [], output: 'features' };
  return [flushTiny, zeroIsMissing, categories].reduce((made, rule) => rule(made, rules, shape), steps);
}

function flushTiny(from: Steps, rules: ColumnRules, { floats }: RuleShape): Steps {
  if (!rules.flushTiny) return from;
  return extended(
    from,
    [tensorOf('tiny', [], floats([TINY])), tensorOf('zero', [], floats([0]))],
    [
      node('Abs', [from.output], ['size']),
      node('LessOrEqual', ['size', 'tiny'], ['is_tiny']),
      node('Where', ['is_tiny', 'zero', from.output], ['flushed']),
    ],
  );
}

function zeroIsMissing(from: Steps, rules: ColumnRules, shape: RuleShape): Steps {
  if (rules.zeroIsMissing.length === 0) return from;
  return extended(
    from,
    [
      mask('zero_is_missing', rules.zeroIsMissing, shape),
      tensorOf('nothing', [], shape.floats([0])),
      tensorOf('missing', [], shape.floats([NaN])),
    ],
    [
      node('Equal', [from.output, 'nothing'], ['is_nothing']),
      node('And', ['is_nothing', 'zero_is_missing'], ['is_missing']),
      node('Where', ['is_missing', 'missing', from.output], ['with_missing']),
    ],
  );
}

/** A comparison with NaN is false: it is outside of `truncate`'s range and not outside of `floor`'s. */
function categories(from: Steps, rules: ColumnRules, shape: RuleShape): Steps {
  if (!rules.categories || rules.categories.columns.length === 0) return from;
  const { rule, columns } = rules.categories;
  const truncates = rule === 'truncate';
  const bounds = truncates ? [-1, 2 ** 31] : [0, 2 ** 24];
  const constants = { category_low: bounds[0]!, category_high: bounds[1]!, first_category: 0, no_category: -1 };
  const range = truncates
    ? [
        node('Greater', [from.output, 'category_low'], ['above']),
        node('Less', [from.output, 'category_high'], ['below']),
        node('And', ['above', 'below'], ['is_category']),
        node('Max', [from.output, 'first_category'], ['from_zero']),
        node('Floor', ['from_zero'], ['whole']),
        node('Where', ['is_category', 'whole', 'no_category'], ['category']),
      ]
    : [
        node('Less', [from.output, 'category_low'], ['below']),
        node('GreaterOrEqual', [from.output, 'category_high'], ['above']),
        node('Or', ['below', 'above'], ['is_none']),
        node('Floor', [from.output], ['whole']),
        node('Where', ['is_none', 'no_category', 'whole'], ['category']),
      ];
  const used = Object.entries(constants).filter(([name]) => truncates || name !== 'first_category');
  return extended(
    from,
    [mask('holds_category', columns, shape), ...used.map(([name, value]) => tensorOf(name, [], shape.floats([value])))],
    [...range, node('Where', ['holds_category', 'category', from.output], ['asked'])],
  );
}

function mask(name: string, columns: readonly number[], { features }: RuleShape): Draft<OnnxTensor> {
  const flags = new Uint8Array(features);
  for (const column of columns) flags[column] = 1;
  return tensorOf(name, [1, features], flags, TYPE.BOOL);
}

function extended(from: Steps, initializers: Draft<OnnxTensor>[], nodes: Draft<OnnxNode>[]): Steps {
  return {
    nodes: [...from.nodes, ...nodes],
    initializers: [...from.initializers, ...initializers],
    output: nodes.at(-1)!.output![0]!,
  };
}
