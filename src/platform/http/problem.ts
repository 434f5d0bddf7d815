import { RequestRefused, type Fault } from './refusal.js';

/** RFC 9457. `code` and `faults` are ours: a stable code in upper snake case, and every faulty field at once. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly instance: string;
  readonly faults?: readonly Fault[];
  readonly retry_after_ms?: number;
}

const KNOWN: Readonly<Record<number, readonly [title: string, code: string]>> = {
  400: ['Bad Request', 'INVALID_REQUEST'],
  401: ['Unauthorized', 'UNAUTHORIZED'],
  403: ['Forbidden', 'FORBIDDEN'],
  404: ['Not Found', 'NOT_FOUND'],
  405: ['Method Not Allowed', 'METHOD_NOT_ALLOWED'],
  408: ['Request Timeout', 'REQUEST_TIMEOUT'],
  409: ['Conflict', 'CONFLICT'],
  413: ['Content Too Large', 'BODY_TOO_LARGE'],
  414: ['URI Too Long', 'URL_TOO_LONG'],
  415: ['Unsupported Media Type', 'UNSUPPORTED_MEDIA_TYPE'],
  422: ['Unprocessable Content', 'UNPROCESSABLE'],
  429: ['Too Many Requests', 'TOO_MANY_REQUESTS'],
  500: ['Internal Server Error', 'INTERNAL_ERROR'],
  503: ['Service Unavailable', 'UNAVAILABLE'],
};

/**
 * Says what an exception means to the one who asked. Only refusals and client errors (4xx) of Nest and Fastify keep
 * their own words; of anything else nothing leaves but `incident`, under which it is logged.
 * @param path of the request, without its query: that may hold a ticket
 */
export function problemOf(exception: unknown, path: string, incident: string): Problem {
  if (exception instanceof RequestRefused) {
    const { status, code, message, faults, retryAfterMs } = exception;
    return {
      ...problem(status, message, path),
      code,
      ...(faults.length > 0 && { faults }),
      ...(retryAfterMs !== undefined && { retry_after_ms: Math.ceil(retryAfterMs) }),
    };
  }
  const status = statusOf(exception);
  if (status >= 400 && status < 500) return problem(status, (exception as Error).message, path);
  if (status === 503) return problem(503, 'The service is starting or stopping; try again later.', path);
  return problem(500, `Something went wrong here. It is logged as incident ${incident}.`, path);
}

/** Open Inference Protocol: its clients read this field and no other. */
export interface ProtocolError {
  readonly error: string;
}

/** @returns the problem as whoever asked under this path reads it: below /v2 as that protocol says, elsewhere as it is */
export function spoken(problem: Problem): Problem | ProtocolError {
  if (!/^\/v2(\/|$)/.test(problem.instance)) return problem;
  const { code, detail, faults = [] } = problem;
  return { error: [`${code}: ${detail}`, ...faults.map(({ field, message }) => `${field}: ${message}`)].join(' ') };
}

function problem(status: number, detail: string, instance: string): Problem {
  const [title, code] = KNOWN[status] ?? ['Request refused', `HTTP_${status}`];
  return { type: 'about:blank', title, status, detail, code, instance };
}

/** Nest's exceptions answer `getStatus()`, Fastify's and its plugins' carry `statusCode`. */
function statusOf(exception: unknown): number {
  if (typeof exception !== 'object' || exception === null) return 500;
  if ('getStatus' in exception && typeof exception.getStatus === 'function') return Number(exception.getStatus());
  if ('statusCode' in exception && typeof exception.statusCode === 'number') return exception.statusCode;
  return 500;
}
