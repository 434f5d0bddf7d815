import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertJson } from '../../src/domain/alert-json.js';
import { alertId, type Alert } from '../../src/domain/alert.js';
import { AlertWebhook, type WebhookOptions } from '../../src/monitoring/alerts/alert-webhook.service.js';
import { eventually } from '../builders/eventually.js';
import { logLines } from '../builders/log-lines.js';
import { WebhookSink, type Answer } from '../builders/webhook-sink.js';

const AT = 1_764_000_000_000;
const WATCHED = { code: 'LATENCY', model: null, timeframe: '1m' } as const;
const alert = (number: number): Alert => ({
  ...{ ...WATCHED, id: alertId(WATCHED, AT + number), state: 'raised', value: 1_200, limit: 1_000 },
  ...{ message: `the ${number}th`, at: AT + number },
});

let sink: WebhookSink;
let lines: string[];
const hooks: AlertWebhook[] = [];
function webhook(over: Partial<WebhookOptions> = {}): AlertWebhook {
  const options = { url: sink.url, timeoutMs: 10_000, queue: 100, backoff: { baseMs: 10, maxMs: 20 }, ...over };
  const hook = new AlertWebhook(options);
  hooks.push(hook);
  return hook;
}
const asked = (times: number) => eventually(`${times} requests`, () => sink.asked.length >= times);
const taken = (times: number) => eventually(`${times} alerts`, () => sink.taken.length >= times);

beforeEach(async () => {
  sink = await WebhookSink.open();
  lines = logLines();
});
afterEach(async () => {
  for (const hook of hooks.splice(0)) hook.onModuleDestroy();
  await sink.close();
});

describe('the webhook', () => {
  it('posts each alert as the JSON that the websocket tells, in order', async () => {
    const hook = webhook();
    for (let i = 1; i <= 5; i += 1) hook.send(alert(i));
    await taken(5);
    expect(sink.taken).toEqual([1, 2, 3, 4, 5].map((i) => alertJson(alert(i))));
    expect(sink.asked[0]).toMatchObject({ method: 'POST', url: '/T01/secret-path' });
    expect(sink.asked[0]!.headers['content-type']).toBe('application/json');
    expect(lines).toEqual([]);
  });

  it.each<[string, Answer, Partial<WebhookOptions>, RegExp]>([
    ['answers 500', 500, {}, /it answered 500; tried again until it takes them$/],
    ['answers 429', 429, {}, /it answered 429/],
    ['hangs', 'hang', { timeoutMs: 50 }, /no answer in time/],
  ])('a receiver that %s is tried again, the outage said once at each end, and nothing is lost', async (...row) => {
    const [, answer, options, said] = row;
    sink.answer = answer;
    const hook = webhook(options);
    hook.send(alert(1));
    hook.send(alert(2));
    await asked(3);
    sink.answer = 200;
    await taken(2);
    expect(sink.taken.map(({ message }) => message)).toEqual(['the 1th', 'the 2th']);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(said);
    expect(lines[1]).toMatch(/takes alerts again$/);
  });

  it('one that cannot be reached is told apart by its code', async () => {
    const { url } = sink;
    await sink.close();
    webhook({ url }).send(alert(1));
    await eventually('a line', () => lines.length > 0);
    expect(lines).toEqual([expect.stringMatching(/^warn .* does not take alerts: ECONNREFUSED;/)]);
  });

  it.each([
    ['refuses what it is sent', 400],
    ['points elsewhere: the secret is not carried there', 302],
  ])('one that %s is not asked again about it, and gets the next', async (_, status) => {
    sink.answer = status;
    const hook = webhook();
    hook.send(alert(1));
    await eventually('a line', () => lines.length > 0);
    sink.answer = 200;
    hook.send(alert(2));
    await taken(1);
    expect(sink.taken.map(({ message }) => message)).toEqual(['the 2th']);
    expect(sink.asked).toHaveLength(2);
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`^warn .* it answered ${status}; the alert is dropped$`)),
      expect.stringMatching(/takes alerts again; 1 were lost$/),
    ]);
  });

  it('what waits is bounded: the newest stay, and how many were lost is said', async () => {
    sink.answer = 503;
    const hook = webhook({ queue: 3 });
    hook.send(alert(1));
    await asked(1);
    for (let i = 2; i <= 10; i += 1) hook.send(alert(i));
    sink.answer = 200;
    await taken(4);
    expect(sink.taken.map(({ message }) => message)).toEqual(['the 1th', 'the 8th', 'the 9th', 'the 10th']);
    expect(lines.at(-1)).toMatch(/takes alerts again; 6 were lost$/);
  });

  it('no line names more of the URL than its host', async () => {
    sink.answer = 500;
    const hook = webhook();
    hook.send(alert(1));
    await asked(2);
    sink.answer = 200;
    await taken(1);
    expect(lines.join('\n')).not.toContain('secret-path');
    expect(lines.join('\n')).toContain(new URL(sink.url).host);
  });

  it('stops in the middle of a try', async () => {
    sink.answer = 'hang';
    const hook = webhook();
    hook.send(alert(1));
    await asked(1);
    hook.onModuleDestroy();
    hook.send(alert(2));
    await sleep(100);
    expect([sink.asked.length, lines]).toEqual([1, []]);
  });

  it('without a URL nobody is told', async () => {
    webhook({ url: undefined }).send(alert(1));
    await sleep(50);
    expect([sink.asked, lines]).toEqual([[], []]);
  });
});
