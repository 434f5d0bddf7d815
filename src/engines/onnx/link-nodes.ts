// NOTE to the helper who owns this folder (delete this line): the integrator wrote column-rule-nodes, link-nodes, tree-ensemble-node,
// tree-model-notes and write-tree-model while your files were not there yet. Keep one set, remove the other (rule-nodes, tree-model-note), and go on with read-tree-model and onnx-guard: they are needed most urgently.
import type { Link } from '../trees/link-kinds.js';
import type { Float } from '../trees/tree-ensemble.js';
import type { Written } from './column-rule-nodes.js';
import { int, ints, node, type AttributeDraft } from './onnx-node.js';
import { TYPE, type Draft, type OnnxNode, type OnnxTensor } from './onnx-proto.js';
import { tensorOf } from './onnx-tensor.js';

/**
 * The last transform in standard operators. The service applies its own (`applyLink`) to the margins instead, within 2 ulp
 * of the native library; the runtime's exponentials are a little further from it. The graph is whole for anybody else.
 */
export function linkNodes(link: Link, float: Float, input: string, output: string): Written {
  const nodes: Draft<OnnxNode>[] = [];
  const initializers: Draft<OnnxTensor>[] = [];
  let count = 0;
  const add = (
    op: string,
    inputs: string[],
    attributes: Record<string, AttributeDraft> = {},
    name = `link_${count++}`,
  ) => {
    nodes.push(node(op, inputs, [name], attributes));
    return name;
  };
  const number = (value: number): string => {
    const name = `link_number_${initializers.length}`;
    initializers.push(tensorOf(name, [1], float === 'float32' ? Float32Array.of(value) : Float64Array.of(value)));
    return name;
  };
  const overTargets = (): string => {
    initializers.push(tensorOf('targets_axis', [1], BigInt64Array.of(1n)));
    return 'targets_axis';
  };
  const type = float === 'float32' ? TYPE.FLOAT : TYPE.DOUBLE;

  const end = (transform: Exclude<Link, { kind: 'average' }>, x: string): void => {
    switch (transform.kind) {
      case 'identity':
        return void add('Identity', [x], {}, output);
      case 'sigmoid': {
        const power = add('Mul', [x, number(-transform.scale)]);
        const held = float === 'float32' ? add('Min', [power, number(88.7)]) : power;
        const below = add('Add', [add('Exp', [held]), number(1)]);
        return void add('Div', [number(1), below], {}, output);
      }
      case 'softmax': {
        const largest = add('ReduceMax', [x], { axes: ints([1]), keepdims: int(1) });
        const powers = add('Exp', [add('Sub', [x, largest])]);
        const sum = add('ReduceSum', [powers, overTargets()], { keepdims: int(1) });
        return void add('Div', [powers, sum], {}, output);
      }
      case 'exp':
        return void add('Exp', [x], {}, output);
      case 'signed-square':
        return void add('Mul', [add('Sign', [x]), add('Mul', [x, x])], {}, output);
      case 'softplus':
        return void add('Log', [add('Add', [add('Exp', [x]), number(1)])], {}, output);
      case 'argmax': {
        const largest = add('ArgMax', [x], { axis: int(1), keepdims: int(1), select_last_index: int(0) });
        return void add('Cast', [largest], { to: int(type) }, output);
      }
      case 'step':
        return void add('Cast', [add('Greater', [x, number(0)])], { to: int(type) }, output);
    }
  };
  if (link.kind === 'average') end(link.then, add('Div', [input, number(link.n)]));
  else end(link, input);
  return { nodes, initializers, output };
}
