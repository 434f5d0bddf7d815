import { expect, it } from 'vitest';
import { PathQueue } from './path-queue.js';

/** A queue whose first job is held up until `release`, and what ran and was dropped. */
function blocked() {
  const ran: string[] = [];
  const dropped: string[] = [];
  const queue = new PathQueue((key) => dropped.push(key));
  let release!: () => void;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const job = (name: string) => async () => {
    await Promise.resolve();
    ran.push(name);
  };
  void queue.put(() => gate, '1m');
  return { queue, ran, dropped, release, job };
}

it('runs one job at a time, in order', async () => {
  const { queue, ran, release, job } = blocked();
  void queue.put(job('candles'));
  void queue.put(job('1h interval'), '1h');
  void queue.put(job('1m interval'), '1m');
  expect(ran).toEqual([]);
  release();
  await queue.idle();
  expect(ran).toEqual(['candles', '1h interval', '1m interval']);
  expect(queue.busy).toBe(false);
});

it('a newer interval takes the place of one of its timeframe that still waits; never of the one at work', async () => {
  const { queue, ran, dropped, release, job } = blocked();
  void queue.put(job('first'), '1m');
  void queue.put(job('candles'));
  void queue.put(job('five'), '5m');
  void queue.put(job('second'), '1m');
  release();
  await queue.idle();
  expect(ran).toEqual(['candles', 'five', 'second']);
  expect(dropped).toEqual(['1m']);
});

it('a job that fails fails alone', async () => {
  const { queue, ran, release, job } = blocked();
  const failing = queue.put(() => Promise.reject(new Error('the path broke')));
  void queue.put(job('next'));
  release();
  await expect(failing).rejects.toThrow('the path broke');
  await queue.idle();
  expect(ran).toEqual(['next']);
});
