import { z } from 'zod';
import type { TreeModel } from '../../trees/tree-model.js';
import type { Transform } from '../../trees/link.js';

/** The metadata key under which a written tree model says of itself what its operators cannot say. */
export const NOTE_KEY = 'alphapulse.tree-model';

const column = z.int().min(0);

const transform: z.ZodType<Transform> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sigmoid'), scale: z.number() }),
  ...(['identity', 'softmax', 'exp', 'signed-square', 'softplus', 'argmax', 'step'] as const).map((kind) =>
    z.strictObject({ kind: z.literal(kind) }),
  ),
]);

const note = z.strictObject({
  /** 1: its sets are written plain; 2: some are parted. */
  format: z.literal([1, 2]),
  float: z.enum(['float32', 'float64']),
  featureNames: z.array(z.string()).min(1),
  rules: z.strictObject({
    flushTiny: z.boolean(),
    zeroIsMissing: z.array(column),
    categories: z.strictObject({ rule: z.enum(['truncate', 'floor']), columns: z.array(column) }).nullable(),
  }),
  link: z.union([z.strictObject({ kind: z.literal('average'), n: z.int().min(1), then: transform }), transform]),
  /** Trees of one leaf: written as a branch whose two leaves are equal. */
  singleLeaf: z.array(column),
  /** Trees whose leaves carry a weight for each target: written once a target. */
  vectorLeaves: z.array(column),
});

export type Note = z.infer<typeof note>;

export function noteOf({ ensemble, rules, link, featureNames }: TreeModel, format: Note['format']): Note {
  const { float, roots, treeTarget } = ensemble;
  const trees = Array.from(treeTarget, (_, tree) => tree);
  return {
    ...{ format, float, featureNames: [...featureNames] },
    rules: {
      flushTiny: rules.flushTiny,
      zeroIsMissing: [...rules.zeroIsMissing],
      categories: rules.categories && { ...rules.categories, columns: [...rules.categories.columns] },
    },
    link,
    singleLeaf: trees.filter((tree) => roots[tree + 1] - roots[tree] === 1),
    vectorLeaves: trees.filter((tree) => treeTarget[tree] < 0),
  };
}

/** @returns undefined where the text is no note of a format that this version writes */
export function parseNote(text: string): Note | undefined {
  try {
    return note.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
