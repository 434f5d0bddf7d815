import { describe, expect, it } from 'vitest';
import { frame, readIncoming } from './envelope.js';

describe('the envelope', () => {
  it('is {type, data, timestamp}', () => {
    const { type, data, timestamp } = JSON.parse(frame('ping', null, Date.UTC(2026, 0, 5)).toString()) as Record<
      string,
      unknown
    >;
    expect([type, data, timestamp]).toEqual(['ping', null, '2026-01-05T00:00:00.000Z']);
  });

  it.each([
    ['{"type":"pong"}', 'pong'],
    ['{"type":"subscribe"}', 'ignored'],
    ['[]', 'ignored'],
    ['null', 'garbage'],
    ['42', 'garbage'],
    ['', 'garbage'],
    ['{"type":', 'garbage'],
  ])('reads %s as %s', (text, expected) => {
    expect(readIncoming(text)).toBe(expected);
  });
});
