import { LIMITS, tooLarge } from './limits.js';

/** An array of numbers whose length is known only at its end. */
export class GrowingNumbers {
  #values = new Float64Array(16);
  #count = 0;

  add(value: number): void {
    if (this.#count === LIMITS.elements) throw tooLarge('numbers in an array', LIMITS.elements);
    if (this.#count === this.#values.length) {
      const wider = new Float64Array(2 * this.#count);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  all(): Float64Array {
    return this.#values.slice(0, this.#count);
  }
}
