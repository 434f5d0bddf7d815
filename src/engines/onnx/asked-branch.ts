import { MODE } from '../trees/tree-ensemble.js';
import type { EnsembleDraft } from './ensemble-draft.js';
import { NoTreeModel } from './no-tree-model.js';
import { ONNX_MODE } from './onnx-mode.js';

export interface Asked {
  readonly branch: number;
  /** Its children are exchanged: it asks for the opposite. */
  readonly turned: boolean;
}

/**
 * Appends a branch that asks what an ONNX node asks. What is not LEQ, LT or MEMBER is turned round: `x > t` is `not x <= t`;
 * where a missing value goes is turned with it.
 * @param set of a MEMBER node
 * @throws NoTreeModel for an equality with what is no category
 */
export function askedBy(
  draft: EnsembleDraft,
  mode: number,
  feature: number,
  split: number,
  missingYes: boolean,
  set?: readonly number[],
): Asked {
  const plain = (asked: number, threshold: number) => ({
    branch: draft.branch(asked, feature, threshold, missingYes),
    turned: false,
  });
  const turned = (asked: number, threshold: number) => ({
    branch: draft.branch(asked, feature, threshold, !missingYes),
    turned: true,
  });
  switch (mode) {
    case ONNX_MODE.LEQ:
      return plain(MODE.LEQ, split);
    case ONNX_MODE.LT:
      return plain(MODE.LT, split);
    case ONNX_MODE.GT:
      return turned(MODE.LEQ, split);
    case ONNX_MODE.GTE:
      return turned(MODE.LT, split);
    case ONNX_MODE.EQ:
      return plain(MODE.MEMBER, draft.set([category(split)]));
    case ONNX_MODE.NEQ:
      return turned(MODE.MEMBER, draft.set([category(split)]));
    case ONNX_MODE.MEMBER:
      if (set) return plain(MODE.MEMBER, draft.set(set));
  }
  throw new NoTreeModel(`a branch of it is of mode ${mode}`);
}

function category(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value;
  throw new NoTreeModel(`a branch of it asks for x == ${value}`);
}
