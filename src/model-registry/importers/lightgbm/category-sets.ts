import { ImportRefused } from '../import-refused.js';
import { integer, integers, words } from './numbers.js';
import type { TreeText } from './model-text.js';

/** Of all trees together: a few characters of a file name 32 categories, or begin one more set. */
export const MAX_CATEGORIES = 20_000_000;
export const MAX_SETS = 1_000_000;

/** Bit sets of all trees as sorted lists of categories. */
export class CategorySets {
  readonly sets: Int32Array[] = [];
  #categories = 0;

  /**
   * Adds the sets of one tree: set k is the words [cat_boundaries[k], cat_boundaries[k + 1]) of `cat_threshold`, category
   * c is bit c % 32 of word c / 32.
   * @returns how many were added
   */
  add({ num_cat, cat_boundaries, cat_threshold }: TreeText, where: string): number {
    const count = integer(num_cat ?? '', `${where}: num_cat`, 0, 2 ** 31 - 2);
    if (count === 0) return 0;
    if (this.sets.length + count > MAX_SETS) throw tooLarge(`more than ${MAX_SETS} sets of categories`);
    const bounds = integers(cat_boundaries ?? '', count + 1, `${where}: cat_boundaries`, 0);
    if (bounds[0] !== 0 || bounds.some((bound, k) => k > 0 && bound < bounds[k - 1])) {
      throw new ImportRefused('SOURCE_INVALID', `${where}: cat_boundaries do not ascend from 0`);
    }
    if (bounds[count] > MAX_CATEGORIES) throw tooLarge(`${where}: a bit set of more than ${MAX_CATEGORIES} words`);
    const bits = words(cat_threshold ?? '', bounds[count], `${where}: cat_threshold`);
    for (let k = 0; k < count; k += 1) this.#push(bits.subarray(bounds[k], bounds[k + 1]));
    return count;
  }

  #push(bits: Uint32Array): void {
    const size = bits.reduce((sum, word) => sum + bitsOf(word), 0);
    this.#categories += size;
    if (this.#categories > MAX_CATEGORIES) throw tooLarge(`more than ${MAX_CATEGORIES} categories in all sets`);
    const set = new Int32Array(size);
    let found = 0;
    bits.forEach((word, w) => {
      for (let rest = word; rest !== 0; rest &= rest - 1) {
        set[found] = 32 * w + 31 - Math.clz32(rest & -rest);
        found += 1;
      }
    });
    this.sets.push(set);
  }
}

function bitsOf(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

function tooLarge(message: string): ImportRefused {
  return new ImportRefused('SOURCE_TOO_LARGE', message);
}
