import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifecycleLog } from './lifecycle-log.service.js';
import type { ModelEvent } from './model-event.js';

const event = (version: string): ModelEvent => ({
  ...{ at: '2026-01-01T00:00:00Z', who: 'ada', action: 'activate', name: 'gbt', version, from: null },
});
let folder: string;
let home: string;
let log: LifecycleLog;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alphapulse-home-'));
  home = join(folder, 'new');
  log = new LifecycleLog(home);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const append = (version: string) => log.append(() => event(version));
const versions = async () => (await log.read()).map(({ version }) => version);

describe('the lifecycle log', () => {
  it('is empty until something is done', async () => {
    expect(await log.read()).toEqual([]);
    expect(await log.size()).toBe(0);
  });

  it('tells what was done, oldest first, and grows with it', async () => {
    await append('1.0.0');
    const before = await log.size();
    await append('2.0.0');
    expect(await versions()).toEqual(['1.0.0', '2.0.0']);
    expect(await log.size()).toBeGreaterThan(before);
  });

  it('a line that a crash cut off does not count, and does not harm the next', async () => {
    await append('1.0.0');
    const file = join(home, 'models.jsonl');
    appendFileSync(file, '{"at":"2026-01');
    expect(await log.read()).toHaveLength(1);
    await append('2.0.0');
    expect(await versions()).toEqual(['1.0.0', '2.0.0']);
    expect(readFileSync(file, 'utf8')).not.toContain('{"at":"2026-01{');
  });

  it('names the line that is no event', async () => {
    await append('1.0.0');
    writeFileSync(join(home, 'models.jsonl'), `${JSON.stringify(event('1.0.0'))}\nnonsense\n`);
    await expect(log.read()).rejects.toThrow('line 2 is no event');
  });

  it('lets nobody append between what was read and what was decided on it', async () => {
    const logs = Array.from({ length: 20 }, () => new LifecycleLog(home));
    await Promise.all(logs.map((one) => one.append((events) => event(`${events.length}.0.0`))));
    expect(await versions()).toEqual(logs.map((_, i) => `${i}.0.0`));
  });

  it('appends nothing that was refused, and says why', async () => {
    expect(await log.append(() => ({ code: 'PINNED' }))).toEqual({ code: 'PINNED' });
    expect(await log.read()).toEqual([]);
  });

  it('is not held up by a lock that somebody died with, and leaves none', async () => {
    await append('1.0.0');
    const lock = join(home, 'models.jsonl.lock');
    writeFileSync(lock, '1\n');
    utimesSync(lock, 1, 1);
    await Promise.all([append('2.0.0'), append('3.0.0')]);
    expect((await versions()).sort()).toEqual(['1.0.0', '2.0.0', '3.0.0']);
    expect(readdirSync(home)).toEqual(['models.jsonl']);
  });

  it('is let go of by an act that breaks', async () => {
    const broken = log.append(() => {
      throw new Error('boom');
    });
    await expect(broken).rejects.toThrow('boom');
    await append('1.0.0');
    expect(await versions()).toEqual(['1.0.0']);
  });
});
