import type { FastifyReply } from 'fastify';

/** @returns a signal that is aborted when the client goes before it has its answer */
export function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
