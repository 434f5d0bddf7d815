/** No new positions. Stops, targets and closes go on. Only a person ends it. */
export interface Halt {
  readonly code: 'PERSON' | 'DAILY_LOSS';
  readonly reason: string | null;
  /** Exchange time, UTC ms. */
  readonly at: number;
}
