import { parentPort } from 'node:worker_threads';
import type { Floats, InferenceEngine } from '../../engines/inference.engine.js';
import { engineFor } from '../../engines/variant.engine.js';
import type { ModelSpec } from '../../engines/model-spec.js';
import type { FromWorker, ToWorker } from './worker-protocol.js';

/** Batch sizes of the warm-up runs: the first run of a size allocates, and must not be the first one that is waited for. */
const WARM_UP_ROWS = [2, 64, 512];
/** Those that are run again and timed. The largest is timed at its first run: it is the longest of the warm-up. */
const TIMED_ROWS = [2, 64];

const port = parentPort!;
const engines = new Map<string, InferenceEngine>();

/** Epoch ms, fractional. The origin is an epoch time in every thread, so that the sum compares across them. */
const wallNow = () => performance.timeOrigin + performance.now();
const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
const reply = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

async function load(model: ModelSpec): Promise<void> {
  const engine = engineFor(model.variant);
  try {
    await engine.load(model);
    const largest = Math.max(...WARM_UP_ROWS);
    const input = new Float32Array(largest * model.window * model.features);
    const output = new Float32Array(largest * model.columns);
    const timings = new Map<number, number>();
    for (const rows of [...WARM_UP_ROWS, ...TIMED_ROWS]) {
      const began = performance.now();
      await engine.run(rows, input, output);
      timings.set(rows, performance.now() - began);
    }
    engines.set(model.key, engine);
    const timed = Array.from(timings, ([rows, ms]) => ({ rows, ms }));
    reply({ kind: 'loaded', key: model.key, engine: engine.label, timings: timed });
  } catch (error) {
    await engine.release();
    reply({ kind: 'refused', key: model.key, reason: reasonOf(error) });
  }
}

async function run({ key, rows, input, output, dtype }: Extract<ToWorker, { kind: 'run' }>): Promise<void> {
  const inferring = wallNow();
  let error: string | undefined;
  try {
    const engine = engines.get(key);
    if (!engine) throw new Error(`${key} is not loaded in this worker`);
    await engine.run(rows, viewOf(dtype.input, input), viewOf(dtype.output, output));
  } catch (caught) {
    error = reasonOf(caught);
  }
  const answer = { kind: 'ran', input, output, inferring, inferred: wallNow() } as const;
  reply(error === undefined ? answer : { ...answer, error }, [input, output]);
}

function viewOf(float: 'float32' | 'float64', buffer: ArrayBuffer): Floats {
  return float === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer);
}

async function unload(key: string): Promise<void> {
  const engine = engines.get(key);
  engines.delete(key);
  await engine?.release();
  reply({ kind: 'unloaded', key });
}

/** Sessions are released and the port closed: the thread then ends by itself. Terminating it would abort the process. */
async function close(): Promise<void> {
  for (const engine of engines.values()) await engine.release();
  engines.clear();
  port.close();
}

async function handle(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case 'load':
      return load(message.model);
    case 'unload':
      return unload(message.key);
    case 'run':
      return run(message);
    case 'close':
      return close();
  }
}

let last = Promise.resolve();
port.on('message', (message: ToWorker) => {
  last = last.then(() => handle(message));
});
reply({ kind: 'ready' });
