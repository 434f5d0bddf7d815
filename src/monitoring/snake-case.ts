/** Keys that end so hold epoch milliseconds, wall or exchange. */
const TIME = /(At|Time|^at|^day)$/;

/**
 * A status as JSON: keys in snake_case (codes and symbols, which hold no camel hump, stay), epoch ms under a time's name
 * as ISO 8601, exact numbers as their digits, what is not finite as null.
 */
export function snakeCase(value: unknown, key = ''): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return numberJson(value, key);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map) return snakeCase(Object.fromEntries(value));
  if (Array.isArray(value)) return value.map((item) => snakeCase(item));
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before}_${after.toLowerCase()}`),
      snakeCase(inner, name),
    ]),
  );
}

function numberJson(value: number, key: string): number | string | null {
  if (!Number.isFinite(value)) return null;
  return TIME.test(key) && Math.abs(value) < 8.64e15 ? new Date(value).toISOString() : value;
}
