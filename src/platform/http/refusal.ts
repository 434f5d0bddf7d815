import type { z } from 'zod';

export interface Fault {
  /** Where: `query.limit`, `body.reason`, `headers.authorization`. */
  readonly field: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** A request that cannot be served as asked. The problem filter turns it into RFC 9457; nobody else speaks HTTP. */
export class RequestRefused extends Error {
  constructor(
    readonly status: 400 | 401 | 404 | 409 | 413 | 415 | 422 | 503,
    /** Stable code in upper snake case: users alert on it. */
    readonly code: string,
    message: string,
    readonly faults: readonly Fault[] = [],
    /** When to try again; only where that may help. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/**
 * Reads one part of a request by its schema. Use strict objects, so that an unknown key is named and refused.
 * @throws RequestRefused 400 naming every faulty field and what is allowed
 */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  raw: unknown,
  part: 'query' | 'body' | 'path',
): z.output<Schema> {
  const result = schema.safeParse(raw ?? {});
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => ({
    field: [part, ...issue.path].join('.'),
    message: issue.message,
  }));
  throw new RequestRefused(400, 'INVALID_REQUEST', `The ${part} has ${faults.length} fault(s).`, faults);
}
