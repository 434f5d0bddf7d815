import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Provider, Variant } from '../src/domain/model.js';
import { graphicsCard } from '../src/engines/graphics-card.service.js';
import type { ModelSpec } from '../src/engines/model-spec.js';
import { decodeModel, encodeModel } from '../src/engines/onnx/onnx-proto.js';
import { OnnxEngine } from '../src/engines/onnx.engine.js';
import { providersFor } from '../src/engines/provider.js';
import { toHalf } from '../src/model-registry/precision/to-half.js';
import { quantile, ratio, round, type BenchReport, type Ratio } from './report.js';
import { inputsFor, mlp, recurrent, slice, tcn, transformer, type SeededNet } from './seeded-nets.js';

const ROWS = [100, 500, 2_000, 10_000];
const ROUNDS = 15;
const UNCOUNTED = 3;
const NETS = () => [
  mlp(64, 2048, 2048, 512),
  tcn(64, 16, 128, 6),
  recurrent('LSTM', 64, 16, 256),
  transformer(64, 16, 128, 4),
];

const METHOD =
  `Nets with seeded weights in FP32 and converted to FP16 by our converter; both take and give FP32, so that both copy
the same. Total: one call of our ONNX engine, input in memory to answers in memory. onnxruntime-node tells no times apart, so
that copy is what a graph takes that has the same input and answers three of its numbers: the input's way onto the card, one
launch, the answer's way back. Compute is the total less that. Medians of ${ROUNDS}.`.replaceAll('\n', ' ');

/** One file on one provider. */
interface Loaded {
  readonly net: SeededNet;
  readonly file: string;
  readonly variant: Extract<Variant, { engine: 'onnx' }>;
}

/** FP32 against FP16 on the graphics cards' providers; without a card there is nothing to measure, and it says so. */
export default async function gpu(): Promise<BenchReport> {
  const providers = providersFor('auto', graphicsCard()).filter((provider) => provider !== 'cpu');
  const nothing = { name: 'gpu', method: METHOD, table: [], ratios: [] };
  if (providers.length === 0) return { ...nothing, unmeasured: 'this machine has no graphics card' };
  const folder = mkdtempSync(join(tmpdir(), 'alphapulse-bench-'));
  try {
    const found = [];
    for (const provider of providers) found.push(await compare(provider, NETS(), ROWS, folder));
    const reasons = found.flatMap(({ reason }) => reason ?? []).join('; ');
    const measured = { table: found.flatMap(({ table }) => table), ratios: found.flatMap(({ ratios }) => ratios) };
    return { ...nothing, ...measured, ...(reasons && { unmeasured: reasons }) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Compared {
  readonly table: Record<string, string | number>[];
  readonly ratios: Ratio[];
  /** Why the provider, or the rest of it, was not measured. */
  readonly reason?: string;
}

/** One session at a time: two on WebGPU end the process. */
export async function compare(
  provider: Provider,
  nets: readonly SeededNet[],
  sizes: readonly number[],
  folder: string,
): Promise<Compared> {
  const table: Record<string, string | number>[] = [];
  const ratios: Ratio[] = [];
  const full = { engine: 'onnx', provider, precision: 'full' } as const;
  try {
    for (const net of nets) {
      const [copied, plain, half] = [join(folder, 'copy.onnx'), join(folder, 'full.onnx'), join(folder, 'half.onnx')];
      writeFileSync(copied, slice(net.window, net.features).bytes);
      writeFileSync(plain, net.bytes);
      writeFileSync(half, halved(net));
      const copy = await measure({ net, file: copied, variant: full }, sizes);
      const fp32 = await measure({ net, file: plain, variant: full }, sizes);
      const fp16 = await measure({ net, file: half, variant: { ...full, precision: 'fp16' } }, sizes);
      sizes.forEach((rows, i) => {
        const named = { net: `${net.name} ${net.size}`, provider, rows, 'copy, ms': round(copy[i]!.ms) };
        const times = ({ ms }: Timed) => ({
          'compute, ms': round(Math.max(0, ms - copy[i]!.ms)),
          'total, ms': round(ms),
        });
        const largest = difference(fp32[i]!.answers, fp16[i]!.answers);
        table.push({ ...named, precision: 'FP32', ...times(fp32[i]!) });
        table.push({ ...named, precision: 'FP16', ...times(fp16[i]!), 'largest difference': largest });
        ratios.push(ratio(`${net.name} in FP32, ${provider}, ${rows} rows`, 'FP16', fp32[i]!.ms / fp16[i]!.ms, null));
      });
    }
    return { table, ratios };
  } catch (error) {
    return { table, ratios, reason: `${provider}: ${(error as Error).message}` };
  }
}

interface Timed {
  readonly ms: number;
  readonly answers: Float32Array;
}

/** @returns the median and the answers for each number of rows */
async function measure({ net, file, variant }: Loaded, sizes: readonly number[]): Promise<Timed[]> {
  const { window, features } = net;
  const engine = new OnnxEngine(variant);
  const spec: ModelSpec = { key: net.name, file, variant, input: 'x', output: 'y', columns: 3, features, window };
  await engine.load(spec);
  try {
    const timed: Timed[] = [];
    for (const rows of sizes) {
      const input = inputsFor(net, rows);
      const answers = new Float32Array(rows * 3);
      const times: number[] = [];
      for (let i = -UNCOUNTED; i < ROUNDS; i += 1) {
        const from = performance.now();
        await engine.run(rows, input, answers);
        if (i >= 0) times.push(performance.now() - from);
      }
      timed.push({ ms: quantile(times, 0.5), answers });
    }
    return timed;
  } finally {
    await engine.release();
  }
}

function halved(net: SeededNet): Uint8Array {
  const half = toHalf(decodeModel(net.bytes));
  if ('reason' in half) throw new Error(`${net.name} is not converted to FP16: ${half.reason}`);
  return encodeModel(half.model);
}

function difference(one: Float32Array, other: Float32Array): number {
  return Number(one.reduce((worst, value, i) => Math.max(worst, Math.abs(value - other[i]!)), 0).toPrecision(2));
}
