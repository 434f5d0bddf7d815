import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';

/**
 * Most bytes of a body that is handed over as it came. Binary rows of 82 float32 features: 12,000; as JSON, 2,500. What
 * is read from it in one piece takes a millisecond.
 */
export const LARGEST_RAW_BODY = 4 * 2 ** 20;

/** Within the service alone: no client sends it. */
const RAW = 'application/vnd.alphapulse.raw';

/**
 * The body of this route is its bytes, a Buffer, whatever type its client gave it: some give none. It may be larger than
 * others, as it is read in turns; a client without a key sends none of it, as the key is judged first.
 */
export function RawBody(): MethodDecorator {
  return RouteConfig({ rawBody: true });
}

/**
 * Before any route is registered.
 * @param judge throws a refusal of who may not ask, before the body is read
 */
export function handOverRawBodies(fastify: FastifyInstance, judge: (request: FastifyRequest) => void): void {
  fastify.addContentTypeParser(RAW, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  fastify.addHook('onRoute', (route: RouteOptions) => {
    if (!(route.config && 'rawBody' in route.config)) return;
    route.bodyLimit = LARGEST_RAW_BODY;
    route.onRequest = async (request: FastifyRequest) => {
      judge(request);
      request.raw.headers['content-type'] = RAW;
    };
  });
}
