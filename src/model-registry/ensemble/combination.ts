import { z } from 'zod';
import { modelName, modelVersion } from '../manifest.js';

const MOST_MEMBERS = 32;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');
const weight = z.number().positive().max(1000).default(1);
const regime = z.string().min(1).max(60);
/** What becomes of a row that a member did not answer. */
const policy = {
  on_failure: z.enum(['abstain', 'go_on']),
  /** With go_on: a row that fewer answered abstains. */
  min_members: z.number().int().min(1).optional(),
};
/** In a regime one member answers: nobody goes on in its place. */
const strict = { on_failure: z.literal('abstain') };

/** A version that an ensemble is made of, pinned to its file. */
const pinned = { model: modelName, version: modelVersion, sha256 };
/** As a person names it; without a version: the one that serves, else the newest. */
const named = { model: modelName, version: modelVersion.optional(), sha256: sha256.optional() };

const membersOf = <Member extends z.ZodType>(member: Member) => z.array(member).min(1).max(MOST_MEMBERS);

/** How the answers of its members become the ensemble's. */
export const combinationSchema = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('weighted_vote'),
    members: membersOf(z.strictObject({ ...pinned, weight })),
    ...policy,
  }),
  z.strictObject({
    method: z.literal('stacking'),
    members: membersOf(z.strictObject(pinned)),
    meta: z.strictObject(pinned),
    ...policy,
  }),
  z.strictObject({
    method: z.literal('regime_gate'),
    gate: z.strictObject(pinned),
    members: membersOf(z.strictObject({ ...pinned, regime })),
    ...strict,
  }),
]);

/** The same as a person writes it, before it is registered. */
export const draftSchema = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('weighted_vote'),
    members: membersOf(z.strictObject({ ...named, weight })),
    ...policy,
  }),
  z.strictObject({
    method: z.literal('stacking'),
    members: membersOf(z.strictObject(named)),
    meta: z.strictObject(named),
    ...policy,
  }),
  z.strictObject({
    method: z.literal('regime_gate'),
    gate: z.strictObject(named),
    members: membersOf(z.strictObject({ ...named, regime })),
    ...strict,
  }),
]);

export type Combination = z.output<typeof combinationSchema>;
export type CombinationDraft = z.output<typeof draftSchema>;
/** A version that an ensemble is made of, pinned to its file. */
export type Part = Combination['members'][number];
/** The same as a person names it. */
export type PartDraft = CombinationDraft['members'][number];
