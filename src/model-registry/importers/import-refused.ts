/** Why a source file does not become a model. Codes are stable: users alert on them. */
export const IMPORT_CODES = [
  'FORMAT_UNKNOWN', // no importer recognises the file
  'SOURCE_TOO_LARGE', // larger, deeper or with more nodes than is read
  'SOURCE_INVALID', // truncated, corrupted, or it contradicts itself
  'OBJECTIVE_UNSUPPORTED', // its last transform is not known exactly
  'NOT_EXPRESSIBLE', // something in it cannot be carried exactly: linear leaves, gblinear, …
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
