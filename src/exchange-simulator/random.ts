/**
 * sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, keyed so that every (seed, stream, index) is its own sequence
 * and any one of them can be drawn without the others. Integer arithmetic only: the same on every machine.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, stream: number, index: number) {
    this.#a = seed | 0;
    this.#b = stream | 0;
    this.#c = index | 0;
    this.fillUniform(new Float64Array(20)); // neighbouring keys part ways within 12 rounds; 20 leaves a margin
  }

  /** @returns a number in (0, 1), on the grid of (2k + 1) / 2^33 */
  uniform(): number {
    const one = new Float64Array(1);
    this.fillUniform(one);
    return one[0];
  }

  /** @returns a standard normal number */
  gaussian(): number {
    const one = new Float64Array(1);
    this.fillGaussian(one);
    return one[0];
  }

  /** Fills `into` with numbers in (0, 1). */
  fillUniform(into: Float64Array): void {
    let a = this.#a;
    let b = this.#b;
    let c = this.#c;
    let counter = this.#counter;
    for (let i = 0; i < into.length; i++) {
      const t = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = ((c << 21) | (c >>> 11)) + t;
      c |= 0;
      into[i] = ((t >>> 0) + 0.5) / 4_294_967_296;
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#counter = counter;
  }

  /** Fills `into` with standard normal numbers (Marsaglia's polar method: no trigonometry, whose last bit varies by engine). */
  fillGaussian(into: Float64Array): void {
    const pool = new Float64Array(Math.min(512, into.length * 2 + 4));
    let next = pool.length;
    for (let i = 0; i < into.length;) {
      if (next + 2 > pool.length) {
        this.fillUniform(pool);
        next = 0;
      }
      const u = 2 * pool[next++] - 1;
      const v = 2 * pool[next++] - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      into[i++] = u * scale;
      if (i < into.length) into[i++] = v * scale;
    }
  }
}
