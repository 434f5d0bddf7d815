import { exp } from './exp-float64.js';
import type { Transform } from './link-kinds.js';

type Floats = Float32Array | Float64Array;

/**
 * A transform of margins / n in float64, as LightGBM's ConvertOutput computes it. Neither `exp` nor `Math.log1p` is the C
 * library's: a result is within 2 ulp of LightGBM's.
 * @param out may be `margins` itself
 */
export function transformFloat64(
  transform: Transform,
  n: number,
  margins: Floats,
  rows: number,
  targets: number,
  out: Floats,
): void {
  if (transform.kind === 'softmax') softmax(n, margins, rows, targets, out);
  else if (transform.kind === 'argmax') argmax(n, margins, rows, targets, out);
  else {
    const f = elementwise(transform);
    for (let i = 0; i < rows * targets; i += 1) out[i] = f(margins[i] / n);
  }
}

function elementwise(transform: Exclude<Transform, { kind: 'softmax' | 'argmax' }>): (x: number) => number {
  switch (transform.kind) {
    case 'identity':
      return (x) => x;
    case 'sigmoid':
      return (x) => 1 / (1 + exp(-transform.scale * x));
    case 'exp':
      return exp;
    case 'signed-square':
      return (x) => Math.sign(x) * x * x;
    case 'softplus':
      return (x) => Math.log1p(exp(x));
    case 'step':
      return (x) => (x > 0 ? 1 : 0);
  }
}

function softmax(n: number, margins: Floats, rows: number, targets: number, out: Floats): void {
  for (let first = 0; first < rows * targets; first += targets) {
    const largest = margins[indexOfLargest(n, margins, first, targets)] / n;
    let sum = 0;
    for (let i = first; i < first + targets; i += 1) sum += out[i] = exp(margins[i] / n - largest);
    for (let i = first; i < first + targets; i += 1) out[i] /= sum;
  }
}

function argmax(n: number, margins: Floats, rows: number, targets: number, out: Floats): void {
  for (let row = 0; row < rows; row += 1) {
    const first = row * targets;
    out[row] = indexOfLargest(n, margins, first, targets) - first;
  }
}

/** Compares quotients: two margins may differ and their quotients be equal. */
function indexOfLargest(n: number, margins: Floats, first: number, targets: number): number {
  let best = first;
  for (let i = first + 1; i < first + targets; i += 1) if (margins[i] / n > margins[best] / n) best = i;
  return best;
}
