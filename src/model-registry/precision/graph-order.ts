import type { OnnxGraph, OnnxNode } from '../../engines/onnx/onnx-proto.js';

/** @returns the tensors that a node reads: its inputs, and what its bodies take from the graph around them */
export function readBy(node: OnnxNode): string[] {
  const inputs = node.input.filter((name) => name !== '');
  const bodies = bodiesOf(node);
  return bodies.length === 0 ? inputs : [...inputs, ...new Set(bodies.flatMap(takenFromAround))];
}

export function bodiesOf({ attribute }: OnnxNode): OnnxGraph[] {
  return attribute.flatMap(({ g, graphs }) => (g ? [g, ...graphs] : graphs));
}

function takenFromAround(body: OnnxGraph): string[] {
  const own = new Set([...body.input, ...body.initializer].map(({ name }) => name));
  for (const { output } of body.node) for (const name of output) own.add(name);
  const read = [...body.node.flatMap(readBy), ...body.output.map(({ name }) => name)];
  return read.filter((name) => !own.has(name));
}

/** @returns every name that a graph gives, its bodies' too */
export function namesIn({ node, initializer, input, output }: OnnxGraph): Set<string> {
  const names = new Set([...initializer, ...input, ...output].map(({ name }) => name));
  for (const one of node) {
    names.add(one.name);
    for (const name of [...one.input, ...one.output]) names.add(name);
    for (const body of bodiesOf(one)) for (const name of namesIn(body)) names.add(name);
  }
  return names;
}

/**
 * Kahn's order: each node after all that it reads from, of those that are ready the one that stood first. Linear in nodes
 * and edges.
 * @returns the nodes, or a sentence saying why they have no order
 */
export function inOrder({ node: nodes, input, output: outputs, initializer }: OnnxGraph): OnnxNode[] | string {
  const given = new Set([...input, ...initializer].map(({ name }) => name));
  const maker = new Map<string, number>();
  for (const [index, { output }] of nodes.entries()) {
    for (const name of output) {
      if (name === '') continue;
      if (given.has(name) || maker.has(name)) return `the graph makes ${name} twice`;
      maker.set(name, index);
    }
  }
  const unmade = outputs.find(({ name }) => !given.has(name) && !maker.has(name));
  if (unmade) return `nothing in the graph makes ${unmade.name}`;
  const waitsFor = new Int32Array(nodes.length);
  const readers: number[][] = nodes.map(() => []);
  for (const [index, node] of nodes.entries()) {
    for (const name of new Set(readBy(node))) {
      const from = maker.get(name);
      if (from === undefined && !given.has(name)) return `nothing in the graph makes ${name}`;
      if (from === undefined) continue;
      waitsFor[index] += 1;
      readers[from]!.push(index);
    }
  }
  const order = [...nodes.keys()].filter((index) => waitsFor[index] === 0);
  for (const index of order) for (const reader of readers[index]!) if (--waitsFor[reader] === 0) order.push(reader);
  return order.length === nodes.length ? order.map((index) => nodes[index]!) : 'the graph runs in a circle';
}
