import { z } from 'zod';
import { ImportRefused } from './import-refused.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().min(1).max(4096);
const rows = z.null();
const dtype = z.enum(['float32', 'float64']);
const file = z.looseObject({ file: z.string().min(1), sha256 });

/** export.json: what training/export writes beside model.onnx and golden.json. Its README has each key. */
export const exportSchema = z.looseObject({
  schema: z.literal(1),
  framework: z.object({ name: z.string().min(1), version: z.string().min(1) }),
  kind: z.string().min(1).max(60),
  input: z.object({
    name: z.string().min(1),
    shape: z.union([z.tuple([rows, count]), z.tuple([rows, count, count])]),
    dtype,
  }),
  output: z.object({
    name: z.string().min(1),
    shape: z.tuple([rows, count]),
    dtype,
    classes: z.array(z.union([z.string(), z.number(), z.boolean()])).nullable(),
  }),
  features: z.array(z.string().min(1)).min(1).max(4096),
  window: count,
  scaler: z.object({ kind: z.string() }),
  missing: z.boolean(),
  source: z.array(file).min(1),
  model: file,
  golden: file,
});
export type Exported = z.output<typeof exportSchema>;

/** @throws ImportRefused naming the key that is wrong */
export function readExport(text: string): Exported {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new ImportRefused('SOURCE_INVALID', `export.json: ${(error as Error).message}`);
  }
  const read = exportSchema.safeParse(raw);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw new ImportRefused('SOURCE_INVALID', `export.json ${issue?.path.join('.') ?? ''}: ${issue?.message}`);
}
