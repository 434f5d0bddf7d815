const SMALLEST = 4096;
const KEPT_FREE = 64;

/**
 * Buffers that travel to the workers and come back, kept for the next run: nothing is allocated per row, and after the
 * first runs nothing per run. Sizes are powers of two, so that a batch which grows by a row does not need a new one.
 */
export class BufferPool {
  readonly #free: ArrayBuffer[] = [];
  #allocated = 0;

  /** @returns a buffer of at least `bytes`, its content undefined */
  take(bytes: number): ArrayBuffer {
    const size = 2 ** Math.ceil(Math.log2(Math.max(SMALLEST, bytes)));
    const found = this.#free.findIndex((buffer) => buffer.byteLength === size);
    if (found >= 0) return this.#free.splice(found, 1)[0]!;
    this.#allocated += 1;
    return new ArrayBuffer(size);
  }

  /** Takes back what `take` gave. A buffer that never returns (its worker died) is simply missed. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength === 0) throw new Error('a transferred buffer came back');
    if (this.#free.length < KEPT_FREE) this.#free.push(buffer);
  }

  get allocated(): number {
    return this.#allocated;
  }
}
