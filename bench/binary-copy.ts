/** Writes rows in PostgreSQL's binary COPY format (PostgreSQL docs, COPY, "Binary Format"): the reference for our writes. */
export class BinaryCopy {
  #chunks: Buffer[] = [Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])];

  row(...fields: readonly Buffer[]): void {
    const head = Buffer.alloc(2);
    head.writeInt16BE(fields.length);
    this.#chunks.push(head);
    for (const field of fields) {
      const length = Buffer.alloc(4);
      length.writeInt32BE(field.length);
      this.#chunks.push(length, field);
    }
  }

  end(): Buffer {
    return Buffer.concat([...this.#chunks, Buffer.from([0xff, 0xff])]);
  }
}

export const text = (value: string): Buffer => Buffer.from(value, 'utf8');

export function float8(value: number): Buffer {
  const field = Buffer.alloc(8);
  field.writeDoubleBE(value);
  return field;
}

/** @param ms UTC ms; Postgres counts microseconds from 2000-01-01 */
export function timestamptz(ms: number): Buffer {
  const field = Buffer.alloc(8);
  field.writeBigInt64BE((BigInt(ms) - 946_684_800_000n) * 1000n);
  return field;
}

export const jsonb = (value: unknown): Buffer => Buffer.concat([Buffer.from([1]), text(JSON.stringify(value))]);

const FLOAT8 = 701;
const TEXT = 25;
export const float8Array = (values: readonly number[]): Buffer => array(FLOAT8, values.map(float8));
export const textArray = (values: readonly string[]): Buffer => array(TEXT, values.map(text));

function array(oid: number, elements: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(20);
  head.writeInt32BE(1, 0); // dimensions
  head.writeInt32BE(0, 4); // no nulls
  head.writeInt32BE(oid, 8);
  head.writeInt32BE(elements.length, 12);
  head.writeInt32BE(1, 16); // lower bound
  const parts = elements.flatMap((element) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(element.length);
    return [length, element];
  });
  return Buffer.concat([head, ...parts]);
}
