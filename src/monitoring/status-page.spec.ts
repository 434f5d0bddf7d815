import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { modeOf } from './mode.js';
import { SCRIPT } from './status-page-script.js';
import { CONTENT_SECURITY_POLICY, statusPage } from './status-page.js';

const page = statusPage({ mode: modeOf('simulator', 60), version: '1.2.3<b>', startedAt: Date.UTC(2026, 0, 5) });

describe('the status page', () => {
  it('says what the numbers are worth, which version, since when', () => {
    expect(page).toContain('Simulated market, 60×');
    expect(page).toContain('Paper money');
    expect(page).toContain('1.2.3&#60;b&#62;');
    expect(page).toContain('2026-01-05 00:00:00 UTC');
    expect(statusPage({ mode: modeOf('binance', 1), version: '1', startedAt: 0 })).toContain('Market data: binance');
  });

  it('loads nothing from elsewhere, and its policy admits exactly its own style and script', () => {
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/ on[a-z]+="| style="/);
    for (const tag of ['style', 'script']) {
      const text = page.slice(page.indexOf(`<${tag}>`) + tag.length + 2, page.indexOf(`</${tag}>`));
      expect(CONTENT_SECURITY_POLICY).toContain(createHash('sha256').update(text).digest('base64'));
    }
    expect(CONTENT_SECURITY_POLICY).not.toContain('unsafe');
  });

  it('its script is one that a browser can read', () => {
    expect(() => new Function(SCRIPT)).not.toThrow();
  });

  it('every element that the script asks for is there', () => {
    for (const [, id] of page.matchAll(/\$\('([a-z]+)'\)/g)) expect(page).toContain(`id="${id}"`);
    expect(page).not.toContain('innerHTML');
  });
});
