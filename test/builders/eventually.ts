import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `probe` answers something that is neither undefined nor false. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 60_000,
): Promise<T> {
  for (const deadline = performance.now() + limitMs; performance.now() < deadline; await sleep(20)) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`waited in vain for ${what}`);
}
