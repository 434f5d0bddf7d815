import { describe, expect, it } from 'vitest';
import { Audience, type Listener } from './audience.js';

class Client implements Listener {
  bufferedAmount = 0;
  readonly heard: string[] = [];
  send(frame: Buffer): void {
    this.heard.push(frame.toString());
  }
}

function audience(limits = { clients: 2, bufferedBytes: 10 }) {
  const cut: Listener[] = [];
  const turns: (() => void)[] = [];
  const all = new Audience(
    limits,
    (listener) => cut.push(listener),
    (work) => turns.push(work),
  );
  return { all, cut, turns };
}
const hello = Buffer.from('hello');

describe('an audience', () => {
  it('greets, then tells everyone everything in order', () => {
    const { all } = audience();
    const [a, b] = [new Client(), new Client()];
    all.join(a, hello);
    all.broadcast(() => Buffer.from('1'));
    all.join(b, hello);
    all.broadcast(() => Buffer.from('2'));
    expect(a.heard).toEqual(['hello', '1', '2']);
    expect(b.heard).toEqual(['hello', '2']);
  });

  it('tells nothing to who left', () => {
    const { all } = audience();
    const a = new Client();
    all.join(a, hello);
    all.leave(a);
    all.broadcast(() => Buffer.from('1'));
    expect(a.heard).toEqual(['hello']);
  });

  it('turns away who finds it full', () => {
    const { all } = audience();
    const third = new Client();
    expect([all.join(new Client(), hello), all.join(new Client(), hello), all.join(third, hello)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(third.heard).toEqual([]);
  });

  it('cuts off who is slow, once, and the others hear on', () => {
    const { all, cut } = audience();
    const [slow, quick] = [new Client(), new Client()];
    all.join(slow, hello);
    all.join(quick, hello);
    slow.bufferedAmount = 11;
    all.broadcast(() => Buffer.from('1'));
    all.broadcast(() => Buffer.from('2'));
    expect(cut).toEqual([slow]);
    expect(slow.heard).toEqual(['hello']);
    expect(quick.heard).toEqual(['hello', '1', '2']);
    expect(all.size).toBe(1);
  });

  it('lets the event loop have its turn in a long burst; who joins meanwhile hears only what came after', () => {
    const { all, turns } = audience();
    const [early, late] = [new Client(), new Client()];
    all.join(early, hello);
    for (let i = 0; i < 450; i++) all.broadcast(() => Buffer.from(String(i)));
    expect(early.heard.length).toBeLessThan(450);
    all.join(late, hello);
    all.broadcast(() => Buffer.from('after'));
    while (turns.length > 0) turns.shift()!();
    expect(early.heard).toHaveLength(1 + 450 + 1);
    expect(late.heard).toEqual(['hello', 'after']);
  });
});
