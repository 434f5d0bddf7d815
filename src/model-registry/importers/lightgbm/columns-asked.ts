import type { ColumnRules } from '../../../engines/trees/tree-model.js';
import { ImportRefused } from '../import-refused.js';

/** LightGBM's missing types, the third and fourth bit of a decision type. */
export const MISSING = { NONE: 0, ZERO: 1, NAN: 2 } as const;

const NUMBER = 1;
const CATEGORY = 2;
const ZERO_IS_MISSING = 4;
const ZERO_IS_A_NUMBER = 8;

/**
 * Gathers how the nodes of all trees ask about each column, and answers with the one rule a column can have.
 *
 * A node sends NaN to its missing side. Where a zero goes depends on its missing type:
 *   None   NaN counts as 0: both go where 0 ≤ t says.
 *   Zero   both go to the default side.
 *   NaN    NaN goes to the default side, 0 where 0 ≤ t says.
 * So turning a column's zeros into NaN changes nothing at a None node, nor at any whose default side is where 0 ≤ t says;
 * at a Zero node whose sides differ it is needed, at a NaN node whose sides differ it is wrong. Only a column with both of
 * these has no rule.
 */
export class ColumnsAsked {
  readonly #asked: Uint8Array;

  constructor(features: number) {
    this.#asked = new Uint8Array(features);
  }

  /** @returns whether NaN goes to the left, `x ≤ threshold`, of this node */
  number(column: number, threshold: number, missing: number, defaultLeft: boolean): boolean {
    const zeroGoesLeft = 0 <= threshold;
    this.#asked[column] |= NUMBER;
    if (missing === MISSING.NONE) return zeroGoesLeft;
    if (defaultLeft !== zeroGoesLeft) {
      this.#asked[column] |= missing === MISSING.ZERO ? ZERO_IS_MISSING : ZERO_IS_A_NUMBER;
    }
    return defaultLeft;
  }

  category(column: number): void {
    this.#asked[column] |= CATEGORY;
  }

  /** @throws ImportRefused NOT_EXPRESSIBLE where two nodes need opposite rules of one column */
  rules(names: readonly string[]): ColumnRules {
    const zeroIsMissing: number[] = [];
    const columns: number[] = [];
    this.#asked.forEach((asked, column) => {
      const both = (a: number, b: number) => (asked & a) !== 0 && (asked & b) !== 0;
      if (both(NUMBER, CATEGORY)) throw clash(names[column], 'a number in some nodes and a category in others');
      if (both(ZERO_IS_MISSING, ZERO_IS_A_NUMBER)) throw clash(names[column], 'zero is missing in some nodes only');
      if (asked & ZERO_IS_MISSING) zeroIsMissing.push(column);
      if (asked & CATEGORY) columns.push(column);
    });
    const categories = columns.length > 0 ? { rule: 'truncate' as const, columns } : null;
    return { flushTiny: true, zeroIsMissing, categories };
  }
}

function clash(name: string, what: string): ImportRefused {
  return new ImportRefused('NOT_EXPRESSIBLE', `column ${name}: ${what}; train it again with one setting throughout`);
}
