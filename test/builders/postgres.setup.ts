import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { EmbeddedPostgres } from '../../src/platform/database/embedded-postgres.service.js';
import { openDatabase } from '../../src/platform/database/postgres.data-source.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A migrated database that nobody is connected to: freshDatabase() clones it. */
    templateUrl: string;
  }
}

/** One server for all medium specs, its template migrated once. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = mkdtempSync(join(tmpdir(), 'alphapulse-test-'));
  const server = await EmbeddedPostgres.start({ home, durable: false });
  try {
    const template = await openDatabase(server.url);
    await template.destroy();
  } catch (error) {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
  project.provide('templateUrl', server.url);
  return async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  };
}
