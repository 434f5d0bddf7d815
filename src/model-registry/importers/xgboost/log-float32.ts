/**
 * The natural logarithm of a float32, as glibc's `logf` (2.27 and later) computes it, bit for bit: XGBoost turns a base score
 * into a margin with it, and `Math.log` rounded to float32 differs from it in one result of some thousand. The method and its
 * numbers are those of Szabolcs Nagy's logf in ARM's optimized-routines: x = 2^k × z, z in one of 16 intervals around 1 whose
 * middle's reciprocal and logarithm are known, and a polynomial of the third degree for the rest.
 */
export function logFloat32(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return Infinity;
  const subnormal = x < 2 ** -126;
  float[0] = subnormal ? x * 2 ** 23 : x;
  const offset = (word[0] - LOWEST) | 0;
  const k = offset >> 23;
  word[0] -= offset & 0xff800000;
  const interval = (offset >> 19) & 15;
  const r = float[0] * RECIPROCAL[interval] - 1;
  const whole = LOGARITHM[interval] + (subnormal ? k - 23 : k) * Math.LN2;
  const square = r * r;
  return Math.fround((A3 * square + (A2 * r + A1)) * square + (whole + r));
}

const word = new Int32Array(1);
const float = new Float32Array(word.buffer);

/** The bits of the lowest z, about 0.7. */
const LOWEST = 0x3f330000;

// prettier-ignore
const RECIPROCAL = [
  1.398907162146528, 1.3403141896637998, 1.286432210124115, 1.2367150214269895,
  1.1906977166711752, 1.1479821020556429, 1.1082251448272158, 1.0711297413057381,
  1.036437278977283, 1, 0.9492859795739057, 0.8951049428609004,
  0.8476821620351103, 0.8050314851692001, 0.7664671008843108, 0.731428603316328,
];
// prettier-ignore
const LOGARITHM = [
  -0.33569133332882284, -0.2929040563774074, -0.2518726580937369, -0.21245868807117255,
  -0.17453945183745634, -0.1380057072319758, -0.10275976698545139, -0.06871392447020525,
  -0.0357891387398228, 0, 0.05204517742929496, 0.11081431298787942,
  0.1652495223695143, 0.21687389031699977, 0.2659635028121397, 0.3127556664073557,
];
const A1 = -0.4999997485802103;
const A2 = 0.333456765744066;
const A3 = -0.25089342214237154;
