import { TINY } from '../trees/columns.js';
import type { Float } from '../trees/tree-ensemble.js';
import type { ColumnRules } from '../trees/tree-model.js';
import { node } from './onnx-node.js';
import { TYPE, type Draft, type OnnxNode, type OnnxTensor } from './onnx-proto.js';
import { tensorOf } from './onnx-tensor.js';

export interface Written {
  readonly nodes: Draft<OnnxNode>[];
  readonly initializers: Draft<OnnxTensor>[];
  /** The tensor in which it ends. */
  readonly output: string;
}

/** ColumnRules in standard operators, over [rows, features] in the model's type. */
export function columnRuleNodes(rules: ColumnRules, float: Float, features: number, input: string): Written {
  const graph = new Draughts(float, features);
  let at = input;
  if (rules.flushTiny) {
    graph.add('Abs', [at], 'size');
    graph.add('LessOrEqual', ['size', graph.number('tiny', TINY)], 'is_tiny');
    at = graph.add('Where', ['is_tiny', graph.number('zero', 0), at], 'flushed');
  }
  if (rules.zeroIsMissing.length > 0) {
    graph.add('Equal', [at, graph.number('nothing', 0)], 'is_zero');
    graph.add('And', ['is_zero', graph.mask('zero_is_missing', rules.zeroIsMissing)], 'is_missing');
    at = graph.add('Where', ['is_missing', graph.number('missing', NaN), at], 'with_missing');
  }
  if (rules.categories && rules.categories.columns.length > 0) {
    const read = rules.categories.rule === 'truncate' ? graph.truncate(at) : graph.floor(at);
    at = graph.add('Where', [graph.mask('is_category', rules.categories.columns), read, at], 'with_categories');
  }
  return { nodes: graph.nodes, initializers: graph.initializers, output: at };
}

class Draughts {
  readonly nodes: Draft<OnnxNode>[] = [];
  readonly initializers: Draft<OnnxTensor>[] = [];

  constructor(
    private readonly float: Float,
    private readonly features: number,
  ) {}

  add(op: string, inputs: string[], output: string): string {
    this.nodes.push(node(op, inputs, [output]));
    return output;
  }

  number(name: string, value: number): string {
    const values = this.float === 'float32' ? Float32Array.of(value) : Float64Array.of(value);
    this.initializers.push(tensorOf(name, [1], values));
    return name;
  }

  mask(name: string, columns: readonly number[]): string {
    const values = new Uint8Array(this.features);
    for (const column of columns) values[column] = 1;
    this.initializers.push(tensorOf(name, [1, this.features], values, TYPE.BOOL));
    return name;
  }

  /** Towards zero within (−1, 2^31), else −1; NaN compares false. */
  truncate(input: string): string {
    this.add('Greater', [input, this.number('minus_one', -1)], 'above');
    this.add('Less', [input, this.number('category_end', 2 ** 31)], 'below');
    this.add('And', ['above', 'below'], 'is_number');
    this.add('Sign', [input], 'sign');
    this.add('Abs', [input], 'distance');
    this.add('Floor', ['distance'], 'whole');
    this.add('Mul', ['sign', 'whole'], 'truncated');
    return this.add('Where', ['is_number', 'truncated', 'minus_one'], 'category');
  }

  /** Down within [0, 2^24), NaN as it is, else −1. */
  floor(input: string): string {
    this.add('GreaterOrEqual', [input, this.number('category_begin', 0)], 'above');
    this.add('Less', [input, this.number('category_end', 2 ** 24)], 'below');
    this.add('And', ['above', 'below'], 'is_number');
    this.add('IsNaN', [input], 'is_nan');
    this.add('Where', ['is_nan', input, this.number('minus_one', -1)], 'none');
    this.add('Floor', [input], 'whole');
    return this.add('Where', ['is_number', 'whole', 'none'], 'category');
  }
}
