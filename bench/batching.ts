import { OnnxEngine } from '../src/engines/onnx.engine.js';
import { specOf } from '../src/engines/model-spec.js';
import { refOf } from '../src/domain/model.js';
import { ON_CPU, shippedModels } from './models.js';
import { quantile, ratio, round, type BenchReport, type Ratio } from './report.js';

const ROWS = [50, 500, 2_000];
const ROUNDS = 15;

async function medianOf(work: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i <= ROUNDS; i++) {
    const from = performance.now();
    await work();
    if (i > 0) times.push(performance.now() - from);
  }
  return quantile(times, 0.5);
}

/** One batch against one call a symbol: same engine, same thread, same rows, and the answers compared. */
export default async function batching(): Promise<BenchReport> {
  const table: Record<string, string | number>[] = [];
  const ratios: Ratio[] = [];
  for (const model of shippedModels()) {
    const engine = new OnnxEngine(ON_CPU);
    await engine.load(specOf(model));
    const width = model.window * model.features.length;
    for (const rows of ROWS) {
      const input = Float32Array.from({ length: rows * width }, (_, i) => {
        const { mean, std } = model.features[i % model.features.length]!;
        return mean + std * Math.sin(i * 12.9898);
      });
      const batched = new Float32Array(rows * 3);
      const single = new Float32Array(rows * 3);
      const batch = await medianOf(() => engine.run(rows, input, batched));
      const calls = await medianOf(async () => {
        for (let row = 0; row < rows; row++) {
          await engine.run(1, input.subarray(row * width, (row + 1) * width), single.subarray(row * 3, row * 3 + 3));
        }
      });
      const largest = batched.reduce((worst, value, i) => Math.max(worst, Math.abs(value - single[i]!)), 0);
      table.push({
        model: refOf(model),
        rows,
        'one batch, ms': round(batch),
        'a call a symbol, ms': round(calls),
        'largest difference': largest,
      });
      ratios.push(ratio(`${refOf(model)}: a call a symbol, ${rows} rows`, 'one batch', calls / batch, null));
    }
    await engine.release();
  }
  return {
    name: 'batching',
    method: `Medians of ${ROUNDS}, single-threaded ONNX Runtime, distinct rows.`,
    table,
    ratios,
  };
}
