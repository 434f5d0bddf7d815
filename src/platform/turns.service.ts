import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Turns } from './turns.js';

/** Does the work, and lets the main loop have its turns meanwhile. */
export async function inTurns<T>(work: Turns<T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await nextTurn();
  }
}
