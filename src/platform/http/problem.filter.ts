import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemOf, spoken } from './problem.js';

/** The one place that turns an exception into HTTP. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Http');

  catch(exception: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw exception;
    const http = host.switchToHttp();
    this.answer(exception, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(exception: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const incident = randomUUID();
    const path = request.url.split('?', 1)[0]!;
    const problem = problemOf(exception, path, incident);
    if (problem.status === 500 && request.raw.socket.destroyed) {
      // Cut off at the end of the process, or gone by itself: nobody reads an answer, and a query may have been cut with it.
      const why = exception instanceof Error ? exception.message : String(exception);
      return this.#logger.warn(`${request.method} ${path} is not answered, its client is gone: ${why}`);
    }
    if (problem.status === 500) {
      const stack = exception instanceof Error ? (exception.stack ?? exception.message) : String(exception);
      this.#logger.error(`incident ${incident}: ${request.method} ${path}: ${stack}`);
    }
    if (reply.sent) return;
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="alphapulse"');
    if (problem.retry_after_ms !== undefined) reply.header('retry-after', Math.ceil(problem.retry_after_ms / 1000));
    const body = spoken(problem);
    const type = 'error' in body ? 'application/json' : 'application/problem+json';
    void reply.code(problem.status).header('content-type', `${type}; charset=utf-8`).send(JSON.stringify(body));
  }
}
