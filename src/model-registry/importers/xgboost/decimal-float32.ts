const bits = new BigUint64Array(1);
const asDouble = new Float64Array(bits.buffer);
const halves = new Uint32Array(bits.buffer);

/**
 * The float32 nearest to a decimal number, ties to even, as C's `strtof` and XGBoost's own reader find it. Rounding to
 * float64 first and then to float32 goes wrong where the float64 lies half-way between two float32s and the number does not.
 * @param wide the float64 nearest to the number
 * @param text the number, called only in that case
 */
export function nearestFloat32(wide: number, text: () => string): number {
  if (!isHalfway(wide)) return Math.fround(wide);
  const side = compare(text(), wide);
  return side === 0 ? Math.fround(wide) : Math.fround(neighbour(wide, side));
}

function isHalfway(wide: number): boolean {
  // In units of half the smallest float32, 2^-150, a number half-way between two subnormal ones is odd.
  if (Math.abs(wide) < 2 ** -126) return Math.abs((wide * 2 ** 150) % 2) === 1;
  asDouble[0] = wide;
  return (halves[0] & 0x1fffffff) === 0x10000000;
}

/** The next float64 below (side −1) or above (1). */
function neighbour(wide: number, side: number): number {
  asDouble[0] = wide;
  bits[0] += Math.sign(wide) === side ? 1n : -1n;
  return asDouble[0];
}

/** −1, 0 or 1: the decimal number is below, at or above a float64, compared as integers. */
function compare(text: string, wide: number): number {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const [mantissa, power] = binaryOf(wide);
  let left = BigInt(sign + whole + fraction);
  let right = mantissa;
  const tens = Number(exponent) - fraction.length;
  if (tens >= 0) left *= 10n ** BigInt(tens);
  else right *= 10n ** BigInt(-tens);
  if (power >= 0) right <<= BigInt(power);
  else left <<= BigInt(-power);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** @returns integers m and p, wide = m × 2^p */
function binaryOf(wide: number): [bigint, number] {
  let power = 0;
  let mantissa = wide;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    power -= 1;
  }
  return [BigInt(mantissa), power];
}
