/** Work that says itself when it has gone on long enough: at each yield the main loop gets its turn. */
export type Turns<T> = Generator<undefined, T, undefined>;
