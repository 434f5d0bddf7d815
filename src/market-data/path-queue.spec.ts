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

it('closed, drops what has not begun, reports the intervals among it, and finishes what is at work', async () => {
  const { queue, ran, dropped, release, job } = blocked();
  const waiting = [queue.put(job('candles')), queue.put(job('five'), '5m'), queue.put(job('one'), '1m')];
  let closed = false;
  const closing = queue.close().then(() => (closed = true));
  await Promise.all(waiting);
  expect(closed).toBe(false);
  release();
  await closing;
  await queue.put(job('late'));
  expect([ran, dropped, queue.busy]).toEqual([[], ['5m', '1m'], false]);
});

it('a job put in the very turn in which the one before it ends is run', async () => {
  const { queue, ran, release, job } = blocked();
  const after = queue.put(job('first')).then(() => queue.put(job('second')));
  release();
  await after;
  expect(ran).toEqual(['first', 'second']);
});
