/** nodes_modes of ai.onnx.ml TreeEnsemble 5. */
export const ONNX_MODE = { LEQ: 0, LT: 1, GTE: 2, GT: 3, EQ: 4, NEQ: 5, MEMBER: 6 } as const;
/** Stands in a set that would be empty: no column rule makes it of a category. */
export const NO_CATEGORY = -2;

/** nodes_modes of the operators before it, by name. */
export const NAMED_MODE: Readonly<Record<string, number>> = {
  BRANCH_LEQ: ONNX_MODE.LEQ,
  BRANCH_LT: ONNX_MODE.LT,
  BRANCH_GTE: ONNX_MODE.GTE,
  BRANCH_GT: ONNX_MODE.GT,
  BRANCH_EQ: ONNX_MODE.EQ,
  BRANCH_NEQ: ONNX_MODE.NEQ,
};
