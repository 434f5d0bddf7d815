import { nearestFloat32 } from './decimal-float32.js';
import { DocumentReader, Keys, Nesting, utf8, type Kind } from './document-reader.js';
import { GrowingNumbers } from './growing-numbers.js';
import { invalid } from './limits.js';

const [QUOTE, BACKSLASH, COMMA, COLON, MINUS, PLUS, DOT, ZERO] = [...'"\\,:-+.0'].map((c) => c.charCodeAt(0));
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [...'{}[]'].map((c) => c.charCodeAt(0));
const SPACES: ReadonlySet<number> = new Set([...' \t\r\n'].map((c) => c.charCodeAt(0)));

const KINDS = new Map<number, Kind>([
  ...[...'-0123456789NI'].map((c) => [c.charCodeAt(0), 'number'] as const),
  ...[...'tf'].map((c) => [c.charCodeAt(0), 'boolean'] as const),
  [OPEN_OBJECT, 'object'],
  [OPEN_ARRAY, 'array'],
  [QUOTE, 'string'],
  ['n'.charCodeAt(0), 'null'],
]);

/** A number's text is kept to this length: old releases write long mantissas, none this long. */
const LONGEST_NUMBER = 512;
/** Up to here an integer of digits, and a power of ten, are exact in float64, and so their product or quotient is nearest. */
const EXACT_DIGITS = 15;
const EXACT_POWER = 22;
const POWERS = Float64Array.from({ length: EXACT_POWER + 1 }, (_, power) => Number(`1e${power}`));

/** JSON as XGBoost writes it: as RFC 8259 has it, and `NaN`, `Infinity` and `-Infinity` as numbers. */
export class JsonReader extends DocumentReader {
  readonly #bytes: Uint8Array;
  readonly #nesting = new Nesting();
  #at = 0;

  constructor(bytes: Uint8Array) {
    super();
    this.#bytes = bytes;
  }

  peek(): Kind {
    this.#skipSpaces();
    const kind = KINDS.get(this.#bytes[this.#at]);
    if (kind === undefined) throw this.#unexpected('a value');
    return kind;
  }

  object(field: (key: string) => void): void {
    const keys = new Keys();
    this.#items(OPEN_OBJECT, CLOSE_OBJECT, () => {
      const key = this.string();
      keys.add(key);
      this.#take(COLON);
      field(key);
    });
  }

  array(item: () => void): void {
    this.#items(OPEN_ARRAY, CLOSE_ARRAY, item);
  }

  numbers(): Float64Array {
    const found = new GrowingNumbers();
    this.array(() => found.add(this.number()));
    return found.all();
  }

  number(): number {
    this.#expect('number');
    const start = this.#at;
    const negative = this.#bytes[start] === MINUS;
    if (negative) this.#at += 1;
    if (this.#word('Infinity')) return negative ? -Infinity : Infinity;
    if (!negative && this.#word('NaN')) return NaN;
    return this.#decimal(start, negative);
  }

  string(): string {
    const { start, end, escaped } = this.#quoted();
    const text = utf8(this.#bytes.subarray(start, end));
    if (!escaped) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      throw invalid(`a string with an unknown escape at byte ${start}`);
    }
  }

  boolean(): boolean {
    this.#expect('boolean');
    if (this.#word('true')) return true;
    if (this.#word('false')) return false;
    throw this.#unexpected('true or false');
  }

  skip(): void {
    switch (this.peek()) {
      case 'object':
        return this.object(() => this.skip());
      case 'array':
        return this.array(() => this.skip());
      case 'string':
        return void this.#quoted();
      case 'number':
        return void this.number();
      case 'boolean':
        return void this.boolean();
      case 'null':
        if (!this.#word('null')) throw this.#unexpected('null');
    }
  }

  end(): void {
    this.#skipSpaces();
    if (this.#at < this.#bytes.length) throw this.#unexpected('the end');
  }

  #items(open: number, close: number, item: () => void): void {
    this.#take(open);
    this.#nesting.within(() => {
      if (this.#next() === close) return;
      for (;;) {
        item();
        if (this.#next() === close) return;
        this.#take(COMMA);
      }
    });
    this.#take(close);
  }

  #decimal(start: number, negative: boolean): number {
    const digits = { value: 0, count: 0 };
    if (this.#bytes[this.#at] === ZERO) this.#at += 1;
    else this.#digits(digits);
    const whole = this.#at;
    if (this.#bytes[this.#at] === DOT) {
      this.#at += 1;
      this.#digits(digits);
    }
    let power = whole === this.#at ? 0 : whole + 1 - this.#at;
    const exponent = this.#exponent();
    if (this.#at - start > LONGEST_NUMBER) throw invalid(`a number of ${this.#at - start} characters at byte ${start}`);
    const isInteger = power === 0 && exponent === undefined;
    power += exponent ?? 0;
    const text = () => String.fromCharCode(...this.#bytes.subarray(start, this.#at));
    let wide;
    if (digits.count > EXACT_DIGITS || Math.abs(power) > EXACT_POWER) wide = Number(text());
    else {
      wide = power < 0 ? digits.value / POWERS[-power] : digits.value * POWERS[power];
      if (negative) wide = -wide;
    }
    return isInteger ? wide : nearestFloat32(wide, text);
  }

  /** One digit or more. */
  #digits(into: { value: number; count: number }): void {
    const start = this.#at;
    for (;;) {
      const digit = this.#bytes[this.#at] - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      into.value = into.value * 10 + digit;
      if (into.value > 0) into.count += 1;
      this.#at += 1;
    }
    if (this.#at === start) throw this.#unexpected('a digit');
  }

  #exponent(): number | undefined {
    if ((this.#bytes[this.#at] | 0x20) !== 0x65) return undefined;
    this.#at += 1;
    const sign = this.#bytes[this.#at];
    if (sign === MINUS || sign === PLUS) this.#at += 1;
    const digits = { value: 0, count: 0 };
    this.#digits(digits);
    return sign === MINUS ? -digits.value : digits.value;
  }

  /** Moves past a string; `start` and `end` are its bytes between the quotes. */
  #quoted(): { start: number; end: number; escaped: boolean } {
    this.#expect('string');
    const start = this.#at + 1;
    let end = start;
    let escaped = false;
    while (this.#bytes[end] !== QUOTE) {
      if (end >= this.#bytes.length) throw invalid('the file ends inside a string');
      if (this.#bytes[end] < 0x20) throw invalid(`a control character in a string at byte ${end}`);
      if (this.#bytes[end] === BACKSLASH) {
        escaped = true;
        end += 1;
      }
      end += 1;
    }
    this.#at = end + 1;
    return { start, end, escaped };
  }

  #expect(kind: Kind): void {
    if (this.peek() !== kind) throw this.#unexpected(`a ${kind}`);
  }

  #take(byte: number): void {
    if (this.#next() !== byte) throw this.#unexpected(`'${String.fromCharCode(byte)}'`);
    this.#at += 1;
  }

  #next(): number | undefined {
    this.#skipSpaces();
    return this.#bytes[this.#at];
  }

  #word(word: string): boolean {
    for (let i = 0; i < word.length; i += 1) if (this.#bytes[this.#at + i] !== word.charCodeAt(i)) return false;
    this.#at += word.length;
    return true;
  }

  #skipSpaces(): void {
    while (SPACES.has(this.#bytes[this.#at])) this.#at += 1;
  }

  #unexpected(wanted: string): Error {
    const found = this.#at < this.#bytes.length ? `byte ${this.#at}` : 'the end of the file';
    return invalid(`${wanted} expected at ${found}`);
  }
}
