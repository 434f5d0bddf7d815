/**
 * The binary format of XGBoost before 1.0, which `save_model` wrote by default until 2.0. It is recognised to say what to do
 * with it: 2.x begins it with `binf`; all have, after 136 bytes of parameters, the length and the name of the objective.
 */
export function isBinaryModel(bytes: Uint8Array): boolean {
  if (latin1(bytes, 0, 4) === 'binf') return true;
  const begins = PARAMETER_BYTES;
  if (bytes.length < begins + 8) return false;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(begins, true);
  return length < 40n && /^[a-z]+:[a-z]+$/.test(latin1(bytes, begins + 8, Number(length)));
}

const PARAMETER_BYTES = 136;

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}
