/**
 * How one model's rows are spread over the workers. A chunk costs a message round trip (≈ 0.15 ms) and gains nothing
 * within one worker (ONNX Runtime runs 2,000 rows in one call faster than in 20), so a batch is split only when it has
 * more than BATCH_SIZE rows *and* another worker could take a part; then into at most one part a worker, no part meant
 * to be smaller than half of BATCH_SIZE. Rows do not influence one another, so that the answers are the same bit for bit
 * however they are split.
 * @param rows ≥ 0
 * @returns rows of each part, as even as they go, adding up to `rows`; empty when there are none
 */
export function shardsOf(rows: number, batchSize: number, workers: number): number[] {
  if (rows === 0) return [];
  const parts = rows <= batchSize ? 1 : Math.max(1, Math.min(workers, Math.ceil(rows / batchSize)));
  const smallest = Math.floor(rows / parts);
  return Array.from({ length: parts }, (_, i) => smallest + (i < rows % parts ? 1 : 0));
}
