import type { AdHocReport } from '../../domain/ad-hoc.js';
import { refOf, type ModelRef } from '../../domain/model.js';

/** How often, and how long together. */
export interface Duration {
  readonly count: number;
  readonly ns: number;
}

/** One version's numbers, as Triton's extension_statistics.md has them. */
export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** Wall time, epoch ms; 0: never. */
  readonly last_inference: number;
  /** Rows that were answered, and the batches that they went through in. */
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<
    Record<
      'success' | 'fail' | 'queue' | 'compute_input' | 'compute_infer' | 'compute_output' | 'cache_hit' | 'cache_miss',
      Duration
    >
  >;
  readonly batch_stats: readonly {
    readonly batch_size: number;
    readonly compute_input: Duration;
    readonly compute_infer: Duration;
    readonly compute_output: Duration;
  }[];
}

const NS_A_MS = 1e6;

class Sum {
  #count = 0;
  #ms = 0;

  add(ms: number, share = 1): void {
    this.#count += share;
    this.#ms += ms * share;
  }

  get count(): number {
    return Math.round(this.#count);
  }

  told(): Duration {
    return { count: this.count, ns: Math.round(this.#ms * NS_A_MS) };
  }
}

class Counted {
  lastInference = 0;
  rows = 0;
  readonly success = new Sum();
  readonly fail = new Sum();
  readonly queue = new Sum();
  readonly input = new Sum();
  readonly infer = new Sum();
  readonly output = new Sum();
  readonly executions = new Sum();
  readonly batches = new Map<number, Sum>();
}

/**
 * Counts ad hoc requests by version. A batch that holds several requests is one execution: each of them counts for its
 * share of the batch's rows, and the shares of a batch add up to one.
 */
export class InferenceStatistics {
  readonly #versions = new Map<string, Counted>();

  /** @param now wall time, epoch ms */
  report({ model, rows, outcome, queueMs, inferenceMs, totalMs, batchRows }: AdHocReport, now: number): void {
    const counted = this.#of(model);
    if (outcome !== 'ANSWERED') return counted.fail.add(totalMs);
    const share = rows / (batchRows ?? rows);
    counted.lastInference = now;
    counted.rows += rows;
    counted.success.add(totalMs);
    counted.queue.add(queueMs ?? 0);
    counted.infer.add(inferenceMs ?? 0);
    counted.executions.add(inferenceMs ?? 0, share);
    this.#batch(counted, batchRows ?? rows).add(inferenceMs ?? 0, share);
  }

  /** What reading a request and writing its answer took. */
  codec(model: ModelRef, inputMs: number, outputMs: number): void {
    const { input, output } = this.#of(model);
    input.add(inputMs);
    output.add(outputMs);
  }

  of({ name, version }: ModelRef): ModelStatistics {
    const counted = this.#versions.get(refOf({ name, version })) ?? new Counted();
    const { success, fail, queue, input, infer, output, executions, batches } = counted;
    const never = { count: 0, ns: 0 };
    return {
      name,
      version,
      last_inference: Math.floor(counted.lastInference),
      inference_count: counted.rows,
      execution_count: executions.count,
      inference_stats: {
        ...{ success: success.told(), fail: fail.told(), queue: queue.told() },
        ...{ compute_input: input.told(), compute_infer: infer.told(), compute_output: output.told() },
        ...{ cache_hit: never, cache_miss: never },
      },
      batch_stats: [...batches]
        .sort(([a], [b]) => a - b)
        .map(([batch_size, sum]) => {
          // Reading and writing are done request by request, not batch by batch.
          const codec = { count: sum.count, ns: 0 };
          return { batch_size, compute_input: codec, compute_infer: sum.told(), compute_output: codec };
        }),
    };
  }

  #of(model: ModelRef): Counted {
    const ref = refOf(model);
    let counted = this.#versions.get(ref);
    if (!counted) this.#versions.set(ref, (counted = new Counted()));
    return counted;
  }

  #batch({ batches }: Counted, size: number): Sum {
    let sum = batches.get(size);
    if (!sum) batches.set(size, (sum = new Sum()));
    return sum;
  }
}
