import { expect, it } from 'vitest';
import { RecentlyUsed } from './recently-used.js';

it('forgets what was used longest ago, and hands it over for reuse', () => {
  const kept = new RecentlyUsed<string>(2);
  const evicted: (string | undefined)[] = [];
  const ask = (key: number) => kept.get(key, (old) => (evicted.push(old), `value ${key}`));
  ask(1);
  ask(2);
  ask(1);
  ask(3);
  expect(evicted).toEqual([undefined, undefined, 'value 2']);
  expect(kept.peek(1)).toBe('value 1');
  expect(kept.peek(2)).toBeUndefined();
});
