/**
 * From margins to predictions: the last step of a model, a row at a time. Arithmetic is the ensemble's (float32 models
 * round after each step as their library does).
 */
export type Link =
  | Transform
  /** Margins / n, in the model's arithmetic; then `then`. LightGBM's random forest. */
  | { readonly kind: 'average'; readonly n: number; readonly then: Transform };

export type Transform =
  /** As they are. */
  | { readonly kind: 'identity' }
  /** Each target alone: 1 / (1 + exp(−scale × x)). LightGBM binary, multiclassova, cross_entropy; XGBoost logistic. */
  | { readonly kind: 'sigmoid'; readonly scale: number }
  /** Over the targets, the largest subtracted first. */
  | { readonly kind: 'softmax' }
  | { readonly kind: 'exp' }
  /** sign(x) × x² (LightGBM `reg_sqrt`). */
  | { readonly kind: 'signed-square' }
  /** log1p(exp(x)) (LightGBM cross_entropy_lambda). */
  | { readonly kind: 'softplus' }
  /** Index of the largest margin, the first of equals: one output whatever the targets (XGBoost multi:softmax). */
  | { readonly kind: 'argmax' }
  /** 1 where x > 0, else 0 (XGBoost binary:hinge). */
  | { readonly kind: 'step' };
