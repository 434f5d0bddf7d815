import type { DocumentReader } from './document-reader.js';

/** Reads the next value as an object: each field that is named by its reader, the others not at all. */
export function fields(reader: DocumentReader, readers: Readonly<Record<string, () => void>>): void {
  reader.object((key) => {
    if (Object.hasOwn(readers, key)) readers[key]();
    else reader.skip();
  });
}
