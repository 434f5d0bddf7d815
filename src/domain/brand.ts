declare const brand: unique symbol;

/** A type that cannot be confused with its carrier: a `Price` is a bigint, a bigint is not yet a `Price`. */
export type Brand<Carrier, Name extends string> = Carrier & { readonly [brand]: Name };
