import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { LARGEST_RAW_BODY } from '../../platform/http/raw-body.service.js';
import { RequestRefused } from '../../platform/http/refusal.js';

const unpackers = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

/**
 * Unpacks a body off the main thread, to no more than an unpacked one may have.
 * @param encoding the request's Content-Encoding
 * @throws RequestRefused 413, 415, or 400 where it is not what its encoding says
 */
export async function unpacked(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return body;
  if (encoding !== 'gzip' && encoding !== 'deflate')
    throw new RequestRefused(415, 'UNSUPPORTED_MEDIA_TYPE', `Content-Encoding is gzip or deflate, not ${encoding}.`);
  try {
    return await unpackers[encoding](body, { maxOutputLength: LARGEST_RAW_BODY });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new RequestRefused(413, 'BODY_TOO_LARGE', `Unpacked, the body has more than ${LARGEST_RAW_BODY} bytes.`);
    throw new RequestRefused(400, 'INVALID_REQUEST', `The body is no ${encoding}.`);
  }
}
