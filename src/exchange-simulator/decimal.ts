/** 10^n as a table: `**` is a library call, and these run for every number written. */
export const POWERS_OF_TEN = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
const ZEROS = ['', '0', '00', '000', '0000', '00000', '000000', '0000000', '00000000'];

/**
 * Writes a whole number of units as Binance writes prices and amounts: eight decimals, no exponent.
 * @param units whole number ≥ 0 @param decimals one unit is 10^-decimals, 0..8
 */
export function decimal8(units: number, decimals: number): string {
  if (decimals === 0) return `${units}.00000000`;
  const scale = POWERS_OF_TEN[decimals];
  const whole = Math.floor(units / scale);
  const fraction = units - whole * scale;
  return `${whole}.${String(scale + fraction).slice(1)}${ZEROS[8 - decimals]}`;
}
