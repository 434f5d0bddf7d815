import { z } from 'zod';
import type { Reference, Spread } from '../domain/reference.js';
import { TIMEFRAMES } from '../domain/timeframe.js';

const MOST_BINS = 20;
/** Shares are rounded where they are written. */
const SUM_TOLERANCE = 1e-3;

const spread = z
  .strictObject({
    edges: z
      .array(z.number())
      .min(1)
      .max(MOST_BINS - 1)
      .refine((edges) => edges.every((edge, i) => i === 0 || edge > edges[i - 1]!), 'must ascend'),
    shares: z
      .array(z.number().min(0).max(1))
      .refine((shares) => Math.abs(shares.reduce((sum, one) => sum + one, 0) - 1) <= SUM_TOLERANCE, 'must add up to 1'),
  })
  .refine(({ edges, shares }) => shares.length === edges.length + 1, 'needs one share more than edges');

const spreads = z.strictObject({ features: z.array(spread).max(4096), outputs: z.array(spread).max(4096) });

/** `reference` of manifest.json. training/reference.py takes it from the training rows. */
export const referenceSchema = spreads.extend({
  rows: z.number().int().positive(),
  timeframes: z.partialRecord(z.enum(TIMEFRAMES), spreads).exactOptional(),
  distance: z.strictObject({ limit: z.number().positive() }),
}) satisfies z.ZodType<Reference>;

interface Described {
  readonly features: readonly { readonly std: number }[];
  readonly output: { readonly shape: readonly [null, number] };
  readonly reference?: z.output<typeof referenceSchema> | undefined;
}

/** @returns what does not fit the model that it describes, each fault with its place */
export function referenceFaults({ features, output, reference }: Described): string[] {
  if (!reference) return [];
  const { timeframes = {}, distance } = reference;
  const counted = (place: string, spreadsOfPlace: readonly Spread[], wanted: number, what: string): string[] =>
    spreadsOfPlace.length === wanted ? [] : [`${place} has ${spreadsOfPlace.length} spreads for ${wanted} ${what}`];
  const faults = [['reference', reference] as const, ...Object.entries(timeframes).map(ofTimeframe)].flatMap(
    ([place, one]) => [
      ...counted(`${place}.features`, one.features, features.length, 'features'),
      ...counted(`${place}.outputs`, one.outputs, output.shape[1], 'columns'),
    ],
  );
  if (features.some(({ std }) => std > 0)) return faults;
  return [...faults, `reference.distance.limit is ${distance.limit}, but no feature has a std to measure it by`];
}

const ofTimeframe = <T>([timeframe, spreadsOfIt]: [string, T]) =>
  [`reference.timeframes.${timeframe}`, spreadsOfIt] as const;
