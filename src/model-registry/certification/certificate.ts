import { z } from 'zod';
import { parseVariant, type Variant } from '../../domain/model.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();
/** JSON has no infinity: a difference to a NaN is written by name. */
const size = z.union([z.number().nonnegative(), z.literal('Infinity')]);

/** One output against the reference, over all rows that were tried. */
const agreement = z.strictObject({
  output: z.enum(['margins', 'predictions']),
  largest_difference: size,
  /** In units in the last place of the model's type. */
  largest_ulp: size,
  differing_numbers: count,
});

const check = z.strictObject({
  /** Rows a call. */
  bucket: z.number().int().positive(),
  rows: count,
  outputs: z.array(agreement).min(1),
  /** Rows whose most probable class is another. */
  label_flips: count,
  /** Rows that trade another way at the thresholds. */
  decision_flips: count,
  not_finite: count,
  /** Smallest Spearman correlation of a column of the predictions with the reference's; null where none changes. */
  rank_correlation: z.number().nullable(),
});

const variant = z.strictObject({
  variant: z.string().refine((label) => parseVariant(label) !== undefined, 'is no variant'),
  /** Of the file that it runs. */
  sha256,
  certified: z.boolean(),
  /** Why not. */
  reason: z.string().nullable(),
  checks: z.array(check),
  /** Median time of a call, on the machine below. */
  timed: z.strictObject({ rows: z.number().int().positive(), ms: z.number().nonnegative() }).nullable(),
});

/** certificate.json: what was tried on a version, and how far each way of running it is from the reference. */
export const certificateSchema = z.strictObject({
  schema: z.literal(1),
  model: z.string().min(3),
  made_at: z.iso.datetime(),
  sha256,
  source_sha256: sha256.nullable(),
  feature_hash: sha256.nullable(),
  reference: z.strictObject({
    /** Who answered the golden rows. */
    golden: z.string(),
    /** What answered all rows: the trees walked by definition, or ONNX Runtime in full precision on one thread. */
    all: z.enum(['definition', 'onnx/cpu']),
  }),
  rows: z.strictObject({ golden: count, random: count, thresholds: count }),
  thresholds: z.strictObject({ min_confidence: z.number(), min_edge: z.number() }).nullable(),
  variants: z.array(variant).min(1),
  /** What converting to FP16 did; null where it was refused, with the reason. */
  fp16: z.strictObject({ report: z.record(z.string(), z.unknown()).nullable(), reason: z.string().nullable() }),
  machine: z.strictObject({ cpu: z.string(), cores: count, platform: z.string() }),
  tools: z.record(z.string(), z.string()),
});

export type Certificate = z.output<typeof certificateSchema>;
export type VariantCertificate = Certificate['variants'][number];
export type Check = VariantCertificate['checks'][number];

/** What must hold of the version that a certificate speaks of. */
export interface Certified {
  readonly ref: string;
  readonly sha256: string;
  readonly featureHash: string | null;
}

/**
 * @param raw the parsed certificate.json
 * @returns the certificate, or a sentence saying why it does not cover the version
 */
export function readCertificate(raw: unknown, { ref, sha256, featureHash }: Certified): Certificate | string {
  const read = certificateSchema.safeParse(raw);
  if (!read.success) {
    const issue = read.error.issues[0];
    return `certificate.json ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'cannot be read'}`;
  }
  const certificate = read.data;
  if (certificate.model !== ref) return `certificate.json is of ${certificate.model}`;
  if (certificate.sha256 !== sha256) return 'certificate.json is of another model.onnx';
  if (certificate.feature_hash !== featureHash) return 'certificate.json is of other features';
  if (!certificate.variants.some(({ certified }) => certified))
    return 'certificate.json certifies no way of running it';
  return certificate;
}

/** @returns the ways of running it that the certificate covers, with the checksum of the file that each runs */
export function certifiedVariants(certificate: Certificate): { variant: Variant; sha256: string }[] {
  return certificate.variants
    .filter(({ certified }) => certified)
    .map((one) => ({ variant: parseVariant(one.variant)!, sha256: one.sha256 }));
}
