import { z } from 'zod';
import { CLASSES, type ActiveModel, type Variant } from '../domain/model.js';
import { TIMEFRAMES } from '../domain/timeframe.js';
import { referenceFaults, referenceSchema } from './reference.js';
import type { Refusal } from './refusal-codes.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');
const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$/;
const rows = z.null('must be null: the number of rows is free');
const count = z.number().int().min(1).max(4096);
const symbol = z.string().min(1).max(40);

const dtype = z.enum(['float32', 'float64']);
export const modelName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower case letters, digits and dashes');
/** A folder is called so. */
export const modelVersion = z
  .string()
  .max(64, 'must have at most 64 characters')
  .regex(SEMVER, 'must be a semantic version, like 1.0.0');

/**
 * manifest.json. What is not named here is refused, so that a misspelt key never passes for an absent one. Schema 1 is
 * schema 2 without what is optional here. A model without timeframes is no part of the trading loop: it may read any columns
 * and answer anything.
 */
export const manifestSchema = z.strictObject({
  schema: z.literal([1, 2]),
  name: modelName,
  version: modelVersion,
  kind: z.string().min(1).max(60),
  framework: z.strictObject({ name: z.string().min(1), version: z.string().min(1) }),
  sha256,
  /** The file it was imported from. */
  source: z
    .strictObject({
      file: z.string().min(1),
      format: z.string().min(1),
      sha256,
      objective: z.string(),
      written_by: z.string(),
      notes: z.array(z.string()),
    })
    .optional(),
  input: z.strictObject({
    name: z.string().min(1),
    shape: z.union([z.tuple([rows, count]), z.tuple([rows, count, count])]),
    dtype,
  }),
  output: z.strictObject({
    name: z.string().min(1),
    shape: z.tuple([rows, count]),
    dtype,
    /** What each column is the probability of; null where the columns are no classes. */
    classes: z.array(z.string().min(1)).min(1).nullable(),
  }),
  /** Before the last transform, which the service then applies itself: the same code ends every engine. */
  margins: z.strictObject({ name: z.string().min(1), columns: count }).optional(),
  features: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        mean: z.number().default(0),
        /** 0: not known, or the same in every training row. */
        std: z.number().nonnegative().default(0),
        importance: z.number().min(0).max(1).default(0),
        /** Names of its categories, in the order of their numbers. */
        categories: z.array(z.union([z.string(), z.number()])).optional(),
      }),
    )
    .min(1)
    .max(4096),
  /** It takes NaN for a missing value; absent: trees with margins do, others do not. */
  missing: z.boolean().optional(),
  /** null: its columns are not this project's features. */
  feature_hash: sha256.nullable(),
  window: count,
  scaler: z.strictObject({ kind: z.string().min(1).max(40), inside: z.literal(true) }),
  labels: z
    .looseObject({
      method: z.string().min(1),
      take_profit_atr: z.number().positive(),
      stop_loss_atr: z.number().positive(),
      horizon_candles: count,
    })
    .nullable(),
  timeframes: z.array(z.enum(TIMEFRAMES)),
  weight: z.number().positive().max(1000),
  training: z
    .looseObject({
      from: z.iso.datetime(),
      to: z.iso.datetime(),
      symbols: z.array(symbol).min(1),
      rows: z.number().int().positive(),
      held_out_symbols: z.array(symbol),
      data: z.string().min(1),
    })
    .nullable(),
  /** What its training rows looked like; absent: no drift is measured and no row is gated. */
  reference: referenceSchema.optional(),
  /** Out of sample; free in form, shown as it is. */
  metrics: z.record(z.string(), z.unknown()),
  created_at: z.iso.datetime(),
});

export type Manifest = z.output<typeof manifestSchema>;

/** What this build can compute: the feature table's names and its hash over a choice of them. */
export interface KnownFeatures {
  readonly names: readonly string[];
  hashOf(names: readonly string[]): string;
}

export type ManifestCheck =
  | { readonly manifest: Manifest; readonly faults: readonly [] }
  | { readonly manifest: Manifest | undefined; readonly faults: readonly [Refusal, ...Refusal[]] };

/**
 * Everything about a manifest that can be judged without touching the model.
 * @param raw the parsed JSON
 * @param place the folder it lies in: models/<name>/<version>
 * @returns the manifest, and every fault found; the first one's code is the reason of a refusal
 */
export function checkManifest(
  raw: unknown,
  place: { name: string; version: string },
  known: KnownFeatures,
): ManifestCheck {
  const read = manifestSchema.safeParse(raw);
  if (!read.success) {
    const [first, ...others] = read.error.issues.map(({ path, message }): Refusal =>
      invalid(`${path.join('.') || 'manifest.json'}: ${message}`),
    );
    return { manifest: undefined, faults: [first ?? invalid('manifest.json cannot be read'), ...others] };
  }
  const manifest = read.data;
  const [first, ...others] = [
    ...placeFaults(manifest, place),
    ...shapeFaults(manifest),
    ...featureFaults(manifest, known),
    ...referenceFaults(manifest).map(invalid),
  ];
  return first ? { manifest, faults: [first, ...others] } : { manifest, faults: [] };
}

function placeFaults({ name, version }: Manifest, place: { name: string; version: string }): Refusal[] {
  const faults: Refusal[] = [];
  if (name !== place.name) faults.push(invalid(`name is "${name}" but its folder is "${place.name}"`));
  if (version !== place.version) faults.push(invalid(`version is "${version}" but its folder is "${place.version}"`));
  return faults;
}

function shapeFaults({ input, output, window, features, timeframes }: Manifest): Refusal[] {
  const faults: Refusal[] = [];
  const expected = window === 1 && input.shape.length === 2 ? [null, features.length] : [null, window, features.length];
  if (input.shape.join() !== expected.join()) {
    faults.push(
      invalid(
        `input.shape is ${JSON.stringify(input.shape)}; window ${window} and ${features.length} features need ${JSON.stringify(expected)}`,
      ),
    );
  }
  if (new Set(timeframes).size !== timeframes.length) faults.push(invalid('timeframes names one twice'));
  const names = features.map(({ name }) => name);
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  if (twice.length > 0) faults.push(invalid(`features names ${twice.join(', ')} twice`));
  if (timeframes.length > 0 && output.classes?.join() !== CLASSES.join())
    faults.push(invalid(`output.classes must be ${CLASSES.join(', ')} in a model that serves timeframes`));
  if (output.classes && output.classes.length !== output.shape[1])
    faults.push(invalid(`output.classes names ${output.classes.length} classes of ${output.shape[1]} columns`));
  return faults;
}

function featureFaults({ features, feature_hash, timeframes }: Manifest, known: KnownFeatures): Refusal[] {
  if (feature_hash === null) {
    if (timeframes.length === 0) return [];
    return [invalid("feature_hash is null, but timeframes are served: they need this project's features")];
  }
  const names = features.map(({ name }) => name);
  const unknown = names.filter((name) => !known.names.includes(name));
  if (unknown.length > 0) {
    return [{ code: 'FEATURE_UNKNOWN', message: `this build computes no feature ${unknown.join(', ')}` }];
  }
  const ours = known.hashOf(names);
  if (ours === feature_hash) return [];
  const message = `feature_hash is ${feature_hash.slice(0, 12)}…, this build's definitions give ${ours.slice(0, 12)}…: train it again on them`;
  return [{ code: 'FEATURE_HASH_MISMATCH', message }];
}

function invalid(message: string): Refusal {
  return { code: 'MANIFEST_INVALID', message };
}

/** @param file absolute path of the ONNX file whose sha256 was checked, the one that the variant runs */
export function activeModelOf(manifest: Manifest, file: string, variant: Variant): ActiveModel {
  const { margins, reference } = manifest;
  return {
    name: manifest.name,
    version: manifest.version,
    file,
    variant,
    timeframes: TIMEFRAMES.filter((timeframe) => manifest.timeframes.includes(timeframe)),
    features: manifest.features.map(({ name, mean, std, importance }) => ({ name, mean, std, importance })),
    window: manifest.window,
    input: manifest.input.name,
    output: manifest.output.name,
    ...(margins && { margins: { output: margins.name, columns: margins.columns } }),
    weight: manifest.weight,
    columns: manifest.output.shape[1],
    classes: manifest.output.classes,
    dtype: { input: manifest.input.dtype, output: manifest.output.dtype },
    ...(reference && { reference }),
    role: 'active',
    share: 0,
  };
}
