import { CLASSES } from '../../domain/model.js';
import type { Timeframe } from '../../domain/timeframe.js';
import type { Float } from '../../engines/trees/tree-ensemble.js';
import type { KnownFeatures, Manifest } from '../manifest.js';
import { ImportRefused } from './import-refused.js';

/** What a source says of the model that it became. */
export interface Described {
  readonly kind: string;
  readonly framework: Manifest['framework'];
  readonly source: NonNullable<Manifest['source']>;
  readonly float: Float;
  readonly input: { readonly name: string; readonly window: number };
  readonly output: { readonly name: string; readonly columns: number };
  readonly classes: readonly string[] | null;
  readonly margins: Manifest['margins'];
  readonly scaler: Manifest['scaler']['kind'];
  readonly missing: boolean;
  readonly features: readonly {
    readonly name: string;
    readonly categories?: readonly (string | number)[] | undefined;
  }[];
}

/** What the person says who imports it. */
export interface Declared {
  readonly name: string;
  readonly version: string;
  readonly timeframes: readonly Timeframe[];
  /** What the columns are the probabilities of; absent: as the source says. */
  readonly classes?: readonly string[] | undefined;
  /** Another manifest, or a list of names: what the columns are, in the model's order. */
  readonly features: (Pick<Manifest, 'features'> & Partial<Manifest>) | undefined;
  readonly createdAt: string;
}

/**
 * Three columns of a model that serves timeframes are short, flat, long. Features of this project's names carry its hash;
 * a model with others is kept out of the trading loop.
 * @param sha256 of model.onnx
 * @throws ImportRefused where the declared features are not the model's
 */
export function newManifest(described: Described, declared: Declared, sha256: string, known: KnownFeatures): Manifest {
  const { float, input, output, margins, source, timeframes } = { ...described, timeframes: declared.timeframes };
  const features = featuresOf(described, declared);
  const names = features.map(({ name }) => name);
  const ours = names.every((name) => known.names.includes(name));
  if (timeframes.length > 0) requireTradable(names, ours, output.columns, known);
  const shape: [null, number] | [null, number, number] =
    input.window > 1 ? [null, input.window, features.length] : [null, features.length];
  return {
    ...{ schema: 2, name: declared.name, version: declared.version },
    ...{ kind: described.kind, framework: described.framework, sha256, source },
    input: { name: input.name, shape, dtype: float },
    output: {
      ...{ name: output.name, shape: [null, output.columns], dtype: float },
      classes: classesOf(described, declared),
    },
    ...(margins && { margins }),
    features,
    missing: described.missing,
    feature_hash: ours ? known.hashOf(names) : null,
    window: input.window,
    scaler: { kind: described.scaler, inside: true },
    labels: declared.features?.labels ?? null,
    timeframes: [...timeframes],
    weight: declared.features?.weight ?? 1,
    training: declared.features?.training ?? null,
    ...(declared.features?.reference && { reference: declared.features.reference }),
    metrics: {},
    created_at: declared.createdAt,
  };
}

function classesOf({ output, classes: own }: Described, { timeframes, classes: declared }: Declared): string[] | null {
  if (declared && declared.length !== output.columns) {
    const counts = `--classes names ${declared.length}, the model answers ${output.columns} numbers a row`;
    throw new ImportRefused('OUTPUT_MISMATCH', counts);
  }
  if (timeframes.length === 0) return declared ? [...declared] : own && [...own];
  if (declared && declared.join() !== CLASSES.join())
    throw new ImportRefused('OUTPUT_MISMATCH', `a model that serves timeframes answers ${CLASSES.join(', ')}`);
  return [...CLASSES];
}

function featuresOf(described: Described, { features: declared }: Declared): Manifest['features'] {
  const own = described.features;
  if (declared && declared.features.length !== own.length) {
    const counts = `--features names ${declared.features.length} columns, the model reads ${own.length}`;
    throw new ImportRefused('FEATURES_MISMATCH', counts);
  }
  const other = declared?.features.findIndex(({ name }, i) => !isMadeUp(own[i]!.name) && own[i]!.name !== name) ?? -1;
  if (other >= 0) {
    const pair = `column ${other} is ${own[other]!.name} in the model and ${declared!.features[other]!.name} in --features`;
    throw new ImportRefused('FEATURES_MISMATCH', `${pair}: put them in the model's order`);
  }
  return own.map(({ name, categories }, i) => ({
    ...{ name, mean: 0, std: 0, importance: 0 },
    ...declared?.features[i],
    ...(categories && { categories: [...categories] }),
  }));
}

/** Names that libraries make up where training had none. */
function isMadeUp(name: string): boolean {
  return /^(Column_|f|x|feature_?)\d+$/.test(name);
}

function requireTradable(names: readonly string[], ours: boolean, columns: number, known: KnownFeatures): void {
  if (!ours) {
    const unknown = names.filter((name) => !known.names.includes(name)).slice(0, 10);
    const remedy =
      "a model that serves timeframes reads this project's features (cli features list); name them by --features";
    throw new ImportRefused('FEATURES_MISMATCH', `no feature is called ${unknown.join(', ')}: ${remedy}`);
  }
  if (columns !== CLASSES.length) {
    const needs = `a model that serves timeframes answers ${CLASSES.join(', ')}; this one answers ${columns} numbers a row`;
    throw new ImportRefused('OUTPUT_MISMATCH', `${needs}. Leave --timeframes out to keep it for predictions alone`);
  }
}
