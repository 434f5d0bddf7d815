import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../builders/postgres.js';

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.close());

test('a fresh database is migrated and empty', async () => {
  expect(await fresh.database.query('select * from api_keys')).toEqual([]);
});
