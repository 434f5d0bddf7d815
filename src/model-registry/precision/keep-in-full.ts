/** The search for layers that must stay in FP32: what to do next. */
export type Trial =
  /** Convert with these nodes kept in full, and measure the error. */
  | { readonly state: 'measure'; readonly keepInFull: readonly string[] }
  /** The error is within the bound with these kept. */
  | { readonly state: 'settled'; readonly keepInFull: readonly string[]; readonly error: number }
  /** No single layer can be in half: FP16 is not for this model. */
  | { readonly state: 'hopeless'; readonly error: number };

/**
 * A greedy search from the safe side: first everything in half; where that is not within the bound, everything in full, and
 * one layer after another goes to half and stays there if the error allows it. At most one trial a layer and one, each
 * answer within the bound, no plateau to be lost on (two layers that overflow hide each other's cure). The caller measures.
 * @param layers names, the one to gain most from first
 * @param errors of the trials so far, in order; NaN counts as beyond any bound
 */
export function nextTrial(layers: readonly string[], errors: readonly number[], bound: number): Trial {
  if (errors.length === 0) return { state: 'measure', keepInFull: [] };
  const [allInHalf, ...rest] = errors as [number, ...number[]];
  if (allInHalf <= bound) return { state: 'settled', keepInFull: [], error: allInHalf };
  const inHalf = new Set<string>();
  let error = allInHalf;
  for (const [index, layer] of layers.entries()) {
    if (index === rest.length) return { state: 'measure', keepInFull: keptBeside(layers, inHalf, layer) };
    if (!(rest[index]! <= bound)) continue;
    inHalf.add(layer);
    error = rest[index]!;
  }
  if (inHalf.size === 0) return { state: 'hopeless', error: allInHalf };
  return { state: 'settled', keepInFull: layers.filter((layer) => !inHalf.has(layer)), error };
}

function keptBeside(layers: readonly string[], inHalf: ReadonlySet<string>, tried: string): string[] {
  return layers.filter((layer) => layer !== tried && !inHalf.has(layer));
}
