import { z } from 'zod';

/** Fewer rows prove too little; a wider tolerance would let another model pass. */
const MIN_ROWS = 64;
const MAX_TOLERANCE = 1e-3;

const value = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]).transform(Number);
const table = z.array(z.array(value)).min(MIN_ROWS).max(4096);
const tolerance = z.number().nonnegative().max(MAX_TOLERANCE);

export const goldenSchema = z.strictObject({
  /** Who answered: `lightgbm 4.7.0`. */
  by: z.string().min(1).max(120).default('the library that trained it'),
  tolerance: z.strictObject({ absolute: tolerance, relative: tolerance.default(0) }),
  inputs: table,
  outputs: table,
  /** Before the last transform, of models that have margins: equal to the last bit. */
  margins: table.optional(),
});

/** What the native library answered, as flat columns. */
export interface Golden {
  readonly by: string;
  readonly rows: number;
  readonly columns: number;
  /** An answer may differ by absolute + relative × |expected|. */
  readonly tolerance: { readonly absolute: number; readonly relative: number };
  /** [rows × width] what the service will feed. */
  readonly inputs: Float64Array;
  /** [rows × columns] */
  readonly outputs: Float64Array;
  /** [rows × margins' columns] */
  readonly margins: Float64Array | undefined;
}

/** @returns golden.json, every number to its last digit */
export function goldenText({ by, rows, tolerance, inputs, outputs, margins }: Golden): string {
  const table = (values: Float64Array) => {
    const width = values.length / rows;
    const named = Array.from(values, (x) => (Number.isFinite(x) ? x : String(x)));
    return Array.from({ length: rows }, (_, row) => named.slice(row * width, (row + 1) * width));
  };
  const tables = { inputs: table(inputs), outputs: table(outputs), ...(margins && { margins: table(margins) }) };
  return `${JSON.stringify({ by, tolerance, ...tables })}\n`;
}

/** What the manifest says of the model. */
export interface GoldenShape {
  /** Numbers in one input row: features, or window × features. */
  readonly width: number;
  readonly columns: number;
  /** Absent: a model without margins. */
  readonly margins?: number;
  /** The columns are probabilities of classes: each row adds up to 1. */
  readonly distribution: boolean;
}

/** @returns the vectors, or a sentence saying why they cannot be used */
export function readGolden(raw: unknown, shape: GoldenShape): Golden | string {
  const read = goldenSchema.safeParse(raw);
  if (!read.success) {
    const issue = read.error.issues[0];
    return `golden.json ${issue?.path.slice(0, 2).join('.') ?? ''}: ${issue?.message ?? 'cannot be read'}`;
  }
  const { by, inputs, outputs, margins, tolerance } = read.data;
  const fault =
    misfit('inputs', inputs, inputs.length, shape.width) ??
    misfit('outputs', outputs, inputs.length, shape.columns) ??
    (margins && misfit('margins', margins, inputs.length, shape.margins ?? 0)) ??
    (shape.distribution ? improbable(outputs) : undefined);
  if (fault) return fault;
  return {
    by,
    rows: inputs.length,
    columns: shape.columns,
    tolerance,
    inputs: Float64Array.from(inputs.flat()),
    outputs: Float64Array.from(outputs.flat()),
    margins: margins && Float64Array.from(margins.flat()),
  };
}

function misfit(what: string, rows: readonly (readonly number[])[], count: number, width: number): string | undefined {
  if (rows.length !== count) return `golden.json has ${count} inputs but ${rows.length} ${what}`;
  const at = rows.findIndex((row) => row.length !== width);
  return at < 0 ? undefined : `golden.json ${what}.${at} has ${rows[at]!.length} numbers, the model has ${width}`;
}

function improbable(outputs: readonly (readonly number[])[]): string | undefined {
  const at = outputs.findIndex(
    (row) => !(Math.abs(row.reduce((sum, p) => sum + p, 0) - 1) <= 1e-4) || row.some((p) => !(p >= 0)),
  );
  return at < 0 ? undefined : `golden.json outputs.${at} is no probability distribution`;
}

export interface Comparison {
  /** Largest absolute difference; infinite where an answer is not what the reference is: NaN, or of infinite size. */
  readonly worst: number;
  /** Golden row of the worst difference. */
  readonly row: number;
  readonly within: boolean;
}

/**
 * @param actual [n × columns] the model's answers
 * @param from golden row that the first answer belongs to
 */
export function compareGolden(golden: Golden, actual: ArrayLike<number>, from = 0): Comparison {
  const { columns, outputs, tolerance } = golden;
  let [worst, at, within] = [0, from * columns, true];
  for (let i = 0; i < actual.length; i++) {
    const expected = outputs[from * columns + i]!;
    const difference = differenceOf(expected, actual[i]!);
    within &&= difference <= tolerance.absolute + tolerance.relative * Math.abs(expected) || difference === 0;
    if (difference > worst) [worst, at] = [difference, from * columns + i];
  }
  return { worst, row: Math.floor(at / columns), within };
}

function differenceOf(expected: number, actual: number): number {
  if (Object.is(expected, actual) || expected === actual) return 0;
  const difference = Math.abs(expected - actual);
  return Number.isFinite(difference) ? difference : Infinity;
}
