import { z } from 'zod';
import { schema, type Config } from './schema.js';
import { redact } from './show.js';

export interface ConfigFault {
  readonly key: string;
  /** As given, secrets redacted. */
  readonly value: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

export type Loaded = { readonly config: Config } | { readonly faults: readonly ConfigFault[] };

const KEYS = Object.keys(schema.shape);

/**
 * Reads the configuration out of an environment. Every fault is found at once; an empty value counts as not set; keys
 * that only look like ours are refused, the rest of the environment is nobody's business.
 */
export function load(environment: Readonly<Record<string, string | undefined>>): Loaded {
  const given = Object.fromEntries(
    KEYS.flatMap((key) => {
      const value = environment[key]?.trim();
      return value === undefined || value === '' ? [] : [[key, value]];
    }),
  );
  const unknown = Object.entries(environment)
    .filter(([key]) => key.startsWith('ALPHAPULSE_') && !KEYS.includes(key))
    .map(([key, value = '']) => ({
      key,
      value: redact(key, value),
      message: `no such key${suggestion(key)}`,
    }));

  const parsed = schema.safeParse(given);
  const wrong = (parsed.error?.issues ?? []).map((issue) => {
    const key = String(issue.path[0]);
    return { key, value: redact(key, given[key] ?? ''), message: messageOf(key, issue) };
  });
  const faults = [...wrong, ...unknown];
  return faults.length === 0 && parsed.success ? { config: Object.freeze(parsed.data) } : { faults };
}

/** @returns the one message a person is shown */
export function describeFaults(faults: readonly ConfigFault[]): string {
  const lines = faults.map(({ key, value, message }) => `  ${key}=${value}: ${message}`);
  return `The configuration has ${faults.length} fault(s):\n${lines.join('\n')}\nAll keys and their defaults: .env.example`;
}

function messageOf(key: string, issue: z.core.$ZodIssue): string {
  return allowed(key) ?? issue.message;
}

/** @returns what a number or a choice may be; undefined where the issue's own message says it */
function allowed(key: string): string | undefined {
  const inner = unwrap(schema.shape[key as keyof typeof schema.shape]);
  if (inner instanceof z.ZodNumber) {
    const whole = inner.isInt ? 'a whole number' : 'a number';
    return `${whole} from ${inner.minValue} to ${inner.maxValue} is allowed`;
  }
  return inner instanceof z.ZodEnum ? `one of ${inner.options.join(', ')} is allowed` : undefined;
}

function unwrap(type: z.core.$ZodType): z.core.$ZodType {
  if (type instanceof z.ZodDefault || type instanceof z.ZodOptional) return unwrap(type.def.innerType);
  return type;
}

/** @returns the key that was probably meant, if one is near */
function suggestion(key: string): string {
  const bare = key.replace(/^ALPHAPULSE_/, '');
  const ranked = KEYS.map((known) => ({ known, edits: Math.min(distance(key, known), distance(bare, known)) }));
  const { known, edits } = ranked.sort((a, b) => a.edits - b.edits)[0]!;
  return edits <= Math.max(1, known.length / 3) ? `; did you mean ${known}?` : '';
}

/** Levenshtein distance: edits of one character between two words. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(row[j - 1]! + 1, previous[j]! + 1, swap));
    }
    previous = row;
  }
  return previous[b.length]!;
}
