import type { Link, Transform } from '../../trees/link.js';
import { int, node } from '../onnx-node.js';
import { TYPE, type Draft, type OnnxNode } from '../onnx-proto.js';
import { tensorOf } from '../onnx-tensor.js';
import type { RuleShape, Steps } from './rule-nodes.js';

interface Part {
  readonly nodes: Draft<OnnxNode>[];
  /** Scalars that the nodes read. */
  readonly numbers?: Readonly<Record<string, number>>;
}

/**
 * A link as standard operators, from `margins` [rows, targets] to `predictions`. ONNX Runtime's exp and log are not the
 * source library's: serving applies `applyLink` to the margins instead; the graph is whole for anybody else.
 * @param type TYPE of both
 */
export function linkNodes(link: Link, type: number, { floats }: Pick<RuleShape, 'floats'>): Steps {
  const averages = link.kind === 'average';
  const parts: Part[] = averages
    ? [
        { nodes: [node('Div', ['margins', 'averaged_over'], ['average'])], numbers: { averaged_over: link.n } },
        transform(link.then, 'average', type),
      ]
    : [transform(link, 'margins', type)];
  const numbers = parts.flatMap(({ numbers = {} }) => Object.entries(numbers));
  return {
    nodes: parts.flatMap(({ nodes }) => nodes),
    initializers: numbers.map(([name, value]) => tensorOf(name, [], floats([value]))),
    output: 'predictions',
  };
}

function transform(link: Transform, from: string, type: number): Part {
  const to = ['predictions'];
  switch (link.kind) {
    case 'identity':
      return { nodes: [node('Identity', [from], to)] };
    case 'sigmoid': {
      // XGBoost bounds its exponent just below where exp overflows float32.
      const bounded = type === TYPE.FLOAT;
      const nodes = [
        node('Mul', [from, 'minus_scale'], ['exponent']),
        ...(bounded ? [node('Min', ['exponent', 'largest_exponent'], ['bounded'])] : []),
        node('Exp', [bounded ? 'bounded' : 'exponent'], ['odds_against']),
        node('Add', ['odds_against', 'one'], ['inverse']),
        node('Div', ['one', 'inverse'], to),
      ];
      return { nodes, numbers: { minus_scale: -link.scale, one: 1, ...(bounded && { largest_exponent: 88.7 }) } };
    }
    case 'softmax':
      return { nodes: [node('Softmax', [from], to, { axis: int(1) })] };
    case 'exp':
      return { nodes: [node('Exp', [from], to)] };
    case 'signed-square':
      return { nodes: [node('Abs', [from], ['magnitude']), node('Mul', [from, 'magnitude'], to)] };
    case 'softplus': {
      // log1p: what adding 1 rounds off is given back as a factor (Kahan); where 1 swallows all, log1p(y) is y.
      const nodes = [
        node('Exp', [from], ['odds']),
        node('Add', ['odds', 'one'], ['odds_and_one']),
        node('Sub', ['odds_and_one', 'one'], ['rounded_odds']),
        node('Div', ['odds', 'rounded_odds'], ['factor']),
        node('IsInf', ['odds'], ['overflows']),
        node('Where', ['overflows', 'one', 'factor'], ['finite_factor']),
        node('Log', ['odds_and_one'], ['logarithm']),
        node('Mul', ['logarithm', 'finite_factor'], ['exact']),
        node('Equal', ['rounded_odds', 'nil'], ['are_swallowed']),
        node('Where', ['are_swallowed', 'odds', 'exact'], to),
      ];
      return { nodes, numbers: { one: 1, nil: 0 } };
    }
    case 'argmax': {
      const largest = node('ArgMax', [from], ['largest'], { axis: int(1), keepdims: int(1) });
      return { nodes: [largest, node('Cast', ['largest'], to, { to: int(type) })] };
    }
    case 'step': {
      const nodes = [node('Greater', [from, 'nil'], ['is_above']), node('Cast', ['is_above'], to, { to: int(type) })];
      return { nodes, numbers: { nil: 0 } };
    }
  }
}
