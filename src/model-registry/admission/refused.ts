import type { RefusalCode } from '../refusal-codes.js';

/** Thrown while a candidate is judged, caught where its verdict is made. */
export class Refused extends Error {
  constructor(
    readonly code: RefusalCode,
    message: string,
  ) {
    super(message);
  }
}
