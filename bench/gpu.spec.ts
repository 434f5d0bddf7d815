import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare } from './gpu.js';
import { mlp, recurrent, tcn, transformer } from './seeded-nets.js';

const NETS = [mlp(8, 32, 16), tcn(16, 4, 32, 3), recurrent('LSTM', 16, 4, 32), transformer(8, 4, 64, 2)];

/** On the CPU, where every machine can: that each net runs, converts, and answers the same in FP16. */
describe('the nets of the gpu bench', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'alphapulse-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(NETS.map((net) => [net.name, net] as const))('%s', async (_, net) => {
    const { table, ratios, reason } = await compare('cpu', [net], [1, 5], folder);
    expect(reason).toBeUndefined();
    expect(ratios).toHaveLength(2);
    expect(table.map(({ rows, precision }) => `${rows} ${precision}`)).toEqual([
      '1 FP32',
      '1 FP16',
      '5 FP32',
      '5 FP16',
    ]);
    const largest = table.flatMap((row) => row['largest difference'] ?? []);
    expect(largest.every((one) => Number(one) > 0 && Number(one) < 5e-3)).toBe(true);
  });

  it('says why a provider was not measured', async () => {
    const damaged = { ...NETS[0]!, bytes: NETS[0]!.bytes.subarray(0, 100) };
    const { table, reason } = await compare('cpu', [damaged], [1], folder);
    expect(table).toEqual([]);
    expect(reason).toMatch(/^cpu: /);
  });
});
