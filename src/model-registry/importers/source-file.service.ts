import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { ImportRefused } from './import-refused.js';
import { SOURCE_LIMIT_BYTES } from './recognise.js';

/**
 * Reads a file that a person named, where it is one that ends: no pipe, no device, nothing beyond SOURCE_LIMIT_BYTES.
 * @throws ImportRefused SOURCE_UNREADABLE, SOURCE_TOO_LARGE
 */
export async function readSource(path: string): Promise<Buffer> {
  const name = basename(path);
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) throw new ImportRefused('SOURCE_UNREADABLE', `${name} cannot be read (${found.code})`);
  if (!found.isFile()) throw new ImportRefused('SOURCE_UNREADABLE', `${name} is no regular file`);
  if (found.size > SOURCE_LIMIT_BYTES)
    throw new ImportRefused(
      'SOURCE_TOO_LARGE',
      `${name} has ${found.size} bytes, at most ${SOURCE_LIMIT_BYTES} are read`,
    );
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new ImportRefused('SOURCE_UNREADABLE', `${name} cannot be read (${error.code})`);
  });
}
