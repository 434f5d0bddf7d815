import { z } from 'zod';
import type { Link } from '../trees/link-kinds.js';
import type { TreeModel } from '../trees/tree-model.js';

export const NOTES_KEY = 'alphapulse.tree-model';

const columns = z.array(z.number().int().nonnegative());
const transform = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['identity', 'softmax', 'exp', 'signed-square', 'softplus', 'argmax', 'step']) }),
  z.strictObject({ kind: z.literal('sigmoid'), scale: z.number() }),
]);
const link = z.union([
  transform,
  z.strictObject({ kind: z.literal('average'), n: z.number().positive(), then: transform }),
]);

/** What the operators of a written tree model cannot tell back. */
export const treeModelNotes = z.strictObject({
  rules: z.strictObject({
    flushTiny: z.boolean(),
    zeroIsMissing: columns,
    categories: z.strictObject({ rule: z.enum(['truncate', 'floor']), columns }).nullable(),
  }),
  link,
  featureNames: z.array(z.string()),
  /** Trees with a weight for each target, by their number in the model. */
  wideTrees: columns,
});
export type TreeModelNotes = z.output<typeof treeModelNotes>;

export function notesOf({ ensemble, rules, link: last, featureNames }: TreeModel): TreeModelNotes {
  const { flushTiny, zeroIsMissing, categories } = rules;
  const wideTrees = [...ensemble.treeTarget.keys()].filter((tree) => ensemble.treeTarget[tree] < 0);
  return {
    rules: {
      flushTiny,
      zeroIsMissing: [...zeroIsMissing],
      categories: categories && { ...categories, columns: [...categories.columns] },
    },
    link: last as z.output<typeof link>,
    featureNames: [...featureNames],
    wideTrees,
  };
}

export function linkOf(notes: TreeModelNotes): Link {
  return notes.link as Link;
}
