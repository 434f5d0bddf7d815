/** Why a source file does not become a model. Codes are stable: users alert on them. */
export const IMPORT_CODES = [
  'FORMAT_UNKNOWN', // no importer recognises the file
  'SOURCE_TOO_LARGE', // larger, deeper or with more nodes than is read
  'SOURCE_INVALID', // truncated, corrupted, or it contradicts itself
  'OBJECTIVE_UNSUPPORTED', // its last transform is not known exactly
  'NOT_EXPRESSIBLE', // something in it cannot be carried exactly: linear leaves, gblinear, …
  'FEATURES_MISMATCH', // the features that were declared are not the model's
  'OUTPUT_MISMATCH', // it does not answer what it is imported for
  'NAME_INVALID', // of the model or its version
  'VERSION_EXISTS', // a version never changes: import it as another
  'SOURCE_UNREADABLE', // no such file, no regular file, no permission
] as const;
export type ImportCode = (typeof IMPORT_CODES)[number];

/** Thrown inside an importer and caught at its edge: nothing is registered. The message says what, where and what to do. */
export class ImportRefused extends Error {
  constructor(
    readonly code: ImportCode,
    message: string,
  ) {
    super(message);
  }
}
