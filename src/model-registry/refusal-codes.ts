/** Why a model version does not serve. Codes are stable: users alert on them. */
export const REFUSALS = [
  'MANIFEST_MISSING', // no manifest.json in its folder
  'MANIFEST_INVALID', // unreadable, or contradicts itself or its folder
  'FEATURE_UNKNOWN', // asks for a feature that this build does not compute
  'FEATURE_HASH_MISMATCH', // trained on other definitions of the same names
  'SHA256_MISMATCH', // model.onnx is not the file that the manifest speaks of
  'LOAD_FAILED', // absent, or ONNX Runtime refuses it
  'INPUT_MISMATCH', // its input's name, type or shape is not the manifest's
  'OUTPUT_MISMATCH', // so for its output
  'ANSWERS_NOT_FINITE', // it answers NaN or infinity to ordinary rows
  'GOLDEN_MISMATCH', // its answers are not those of the library that trained it, or golden.json is unusable
  'ADMISSION_CRASHED', // it took the admission process down
  'ADMISSION_TIMEOUT', // it did not get through admission in time
  'UNCERTIFIED', // no certificate covers it, and ALLOW_UNCERTIFIED is off
  'MEMBER_NOT_READY', // of an ensemble: a version that it names is not there, refused, or another file than it was made of
  'MEMBER_UNFIT', // of an ensemble: a version that it names does not read or answer what its place needs
  'CACHE_FULL', // MODEL_CACHE_SIZE models with more weight are served already
] as const;
export type RefusalCode = (typeof REFUSALS)[number];

export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}
