/**
 * The features that this build computes, as the registry needs to know them. Bound to the feature table where the
 * modules are joined (app.module): the registry itself is a stranger to batch-inference.
 */
export abstract class FeatureCatalogue {
  /** Every feature name, in table order. */
  abstract readonly names: readonly string[];
  /** @returns sha256 (hex) of the ordered definitions of these features; every name must be known */
  abstract hashOf(names: readonly string[]): string;
}
