import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Reference data lies beside the project, not in it.
 * @returns absolute path, or undefined where the data folder is absent (the test says so and skips)
 * @throws where CI=true: there its absence is a failure
 */
export function sharedData(relativePath: string): string | undefined {
  const path = resolve(process.cwd(), '../shared/data', relativePath);
  if (existsSync(path)) return path;
  if (process.env['CI'] === 'true') throw new Error(`reference data is missing: ${relativePath}`);
  console.warn(`skipped: no reference data beside the project (${relativePath})`);
  return undefined;
}
