import { readFileSync } from 'node:fs';
import { it } from 'vitest';
import { importXgboost } from './xgboost.js';
const time = (what: string, bytes: Buffer) => {
  for (let k = 0; k < (bytes.length < 2e7 ? 3 : 1); k++) {
  const t = performance.now(); let r = 'ok';
  const m0 = process.memoryUsage();
  try { importXgboost(bytes, { trees: 'all' }); } catch (e) { r = String((e as {code:string}).code + ' ' + (e as Error).message); }
  const m = process.memoryUsage();
  console.log(what, bytes.length, r, (performance.now() - t).toFixed(0), 'ms', ((m.heapUsed-m0.heapUsed)/1e6).toFixed(), ((m.arrayBuffers-m0.arrayBuffers)/1e6).toFixed());
  }
};
it('x', () => {
  time('big json', readFileSync('/tmp/xg/big.json')); time('big ubj', readFileSync('/tmp/xg/big.ubj'));
  const N = 255 * 2 ** 20;
  const wrap = (head: string, unit: string, tail = '') => Buffer.concat([Buffer.from(head), Buffer.alloc(N - 4096, unit), Buffer.from(tail)]);
  time('unknown [],', wrap('{"learner":{"x":[', '[],'));
  time('names', wrap('{"learner":{"feature_names":[', '"",'));
  time('cats', wrap('{"learner":{"gradient_booster":{"model":{"cats":{"enc":[', '{"values":[]},'));
  time('base_weights', wrap('{"learner":{"gradient_booster":{"model":{"trees":[{"base_weights":[', '0,'));
  time('trees', wrap('{"learner":{"gradient_booster":{"model":{"trees":[', '{},'));
  time('string', wrap('{"learner":{"x":"', 'x'));
  time('digits', wrap('{"learner":{"x":1', '1'));
  time('spaces', wrap('{"learner":{"x":1', ' '));
  time('ubj noop', wrap('{i\x07learner{i\x01x[', 'N'));
  time('ubj []', wrap('{i\x07learner{i\x01x[', '[]'));
  time('ubj T', wrap('{i\x07learner{i\x01x[', 'T'));
  time('ubj keys', wrap('{i\x07learner{i\x01x[', '{i\x01aT}'));
});
