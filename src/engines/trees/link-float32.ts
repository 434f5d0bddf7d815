import type { Transform } from './link-kinds.js';

type Floats = Float32Array | Float64Array;

const { fround } = Math;

/** XGBoost's bound of a sigmoid's exponent: just below where exp overflows float32. */
const LARGEST_EXPONENT = fround(88.7);

/**
 * A transform of margins / n in float32, rounded after each step as XGBoost's PredTransform is. `Math.exp` is not the C
 * library's `expf`: a result is within 2 ulp of XGBoost's.
 * @param margins float32 numbers
 * @param out may be `margins` itself
 */
export function transformFloat32(
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
    for (let i = 0; i < rows * targets; i += 1) out[i] = f(fround(margins[i] / n));
  }
}

function elementwise(transform: Exclude<Transform, { kind: 'softmax' | 'argmax' }>): (x: number) => number {
  switch (transform.kind) {
    case 'identity':
      return (x) => x;
    case 'sigmoid':
      return (x) => fround(1 / fround(expf(Math.min(fround(-transform.scale * x), LARGEST_EXPONENT)) + 1));
    case 'exp':
      return expf;
    case 'signed-square':
      return (x) => fround(Math.sign(x) * x * x);
    case 'softplus':
      return (x) => fround(Math.log1p(expf(x)));
    case 'step':
      return (x) => (x > 0 ? 1 : 0);
  }
}

function expf(x: number): number {
  return fround(Math.exp(x));
}

/** The sum is a float64, rounded once it is whole. */
function softmax(n: number, margins: Floats, rows: number, targets: number, out: Floats): void {
  for (let first = 0; first < rows * targets; first += targets) {
    const largest = fround(margins[indexOfLargest(n, margins, first, targets)] / n);
    let sum = 0;
    for (let i = first; i < first + targets; i += 1) sum += out[i] = expf(fround(fround(margins[i] / n) - largest));
    for (let i = first; i < first + targets; i += 1) out[i] = fround(out[i] / fround(sum));
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
  for (let i = first + 1; i < first + targets; i += 1) if (fround(margins[i] / n) > fround(margins[best] / n)) best = i;
  return best;
}
