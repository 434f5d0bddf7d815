/** `nodes_modes` of ai.onnx.ml TreeEnsemble (version 5). */
export const V5_MODE = { LEQ: 0, LT: 1, GTE: 2, GT: 3, EQ: 4, NEQ: 5, MEMBER: 6 } as const;
