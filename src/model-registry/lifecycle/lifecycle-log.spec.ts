import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifecycleLog } from './lifecycle-log.service.js';
import type { ModelEvent } from './standing.js';

const event = (version: string): ModelEvent => ({
  ...{ at: '2026-01-01T00:00:00Z', who: 'ada', action: 'activate', name: 'gbt', version, from: null },
});
let home: string;
let log: LifecycleLog;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'alphapulse-home-'));
  log = new LifecycleLog(join(home, 'new'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the lifecycle log', () => {
  it('is empty until something is done', () => {
    expect(log.read()).toEqual([]);
    expect(log.size).toBe(0);
  });

  it('tells what was done, oldest first, and grows with it', () => {
    log.append(event('1.0.0'));
    const before = log.size;
    log.append(event('2.0.0'));
    expect(log.read().map(({ version }) => version)).toEqual(['1.0.0', '2.0.0']);
    expect(log.size).toBeGreaterThan(before);
  });

  it('a line that a crash cut off does not count, and does not harm the next', () => {
    log.append(event('1.0.0'));
    const file = join(home, 'new', 'models.jsonl');
    appendFileSync(file, '{"at":"2026-01');
    expect(log.read()).toHaveLength(1);
    log.append(event('2.0.0'));
    expect(log.read().map(({ version }) => version)).toEqual(['1.0.0', '2.0.0']);
    expect(readFileSync(file, 'utf8')).not.toContain('{"at":"2026-01{');
  });

  it('names the line that is no event', () => {
    log.append(event('1.0.0'));
    writeFileSync(join(home, 'new', 'models.jsonl'), `${JSON.stringify(event('1.0.0'))}\nnonsense\n`);
    expect(() => log.read()).toThrow('line 2 is no event');
  });
});
