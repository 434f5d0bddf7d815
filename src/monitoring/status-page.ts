import { createHash } from 'node:crypto';
import type { Mode } from './mode.js';
import { SCRIPT } from './status-page-script.js';
import { STYLE } from './status-page-style.js';

/** What the page says before anybody has shown a key. */
export interface PageFacts {
  readonly mode: Mode;
  readonly version: string;
  /** Wall time, epoch ms. */
  readonly startedAt: number;
}

const source = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing but this page's own style and script, and connections to where it came from. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${source(STYLE)}`,
  `script-src ${source(SCRIPT)}`,
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** @returns the status page: one self-contained HTML document */
export function statusPage({ mode, version, startedAt }: PageFacts): string {
  const since = new Date(startedAt).toISOString();
  const market =
    mode.market === 'simulated'
      ? `Simulated market${mode.speed === 1 ? '' : `, ${mode.speed}×`}`
      : `Market data: ${mode.exchange}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>AlphaPulse</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<div class="page">
<header>
  <h1>AlphaPulse</h1>
  <ul class="badges" aria-label="What the numbers are worth">
    <li class="badge">${escape(market)}</li>
    <li class="badge">Paper money</li>
  </ul>
  <span class="quiet">${escape(version)}, running since <time datetime="${since}">${since.slice(0, 19).replace('T', ' ')} UTC</time></span>
</header>
<nav aria-label="Elsewhere">
  <a href="/docs">API documentation</a>
  <a href="/metrics">Metrics</a>
  <a href="/health/ready">Readiness</a>
</nav>
<main>
<p id="trouble" class="trouble" role="alert"></p>
<ul id="alerts" class="trouble" aria-label="Open alerts"></ul>
<form id="ask">
  <label for="key">API key: the content of the file that the start banner names, admin.key
    <input id="key" type="password" autocomplete="off" spellcheck="false" required>
  </label>
  <button type="submit">Show</button>
</form>
<div id="private" hidden>
<section aria-labelledby="what-runs">
  <h2 id="what-runs">What runs</h2>
  <dl id="facts"></dl>
</section>
<section aria-labelledby="path">
  <h2 id="path">From candle close to published signal <span id="measured" class="quiet"></span></h2>
  <div class="scroll" tabindex="0" role="region" aria-labelledby="path">
  <table class="latencies">
    <thead><tr id="stages"></tr></thead>
    <tbody id="latencies"></tbody>
  </table>
  </div>
</section>
<section aria-labelledby="models">
  <h2 id="models">Models <span class="quiet">the last 5 minutes; latencies in ms</span></h2>
  <div class="scroll" tabindex="0" role="region" aria-labelledby="models">
  <table>
    <thead><tr>
      <th scope="col">Model</th><th scope="col">Version</th><th scope="col">Engine</th><th scope="col">Timeframe</th>
      <th scope="col">Runs</th><th scope="col">Rows answered</th><th scope="col">Queue p99</th>
      <th scope="col">Inference p50</th><th scope="col">p99</th><th scope="col">p99.9</th>
    </tr></thead>
    <tbody id="inference"></tbody>
  </table>
  </div>
</section>
<section aria-labelledby="last-signals">
  <h2 id="last-signals">Last signals <span id="live" class="pill" role="status">connecting</span></h2>
  <div class="scroll" tabindex="0" role="region" aria-labelledby="last-signals">
  <table>
    <thead><tr>
      <th scope="col">Decided (UTC)</th><th scope="col">Symbol</th><th scope="col">Timeframe</th><th scope="col">Direction</th>
      <th scope="col">Confidence</th><th scope="col">Entry</th><th scope="col">Stop</th><th scope="col">Target</th>
    </tr></thead>
    <tbody id="rows"></tbody>
  </table>
  </div>
  <p id="none" class="quiet">None yet.</p>
</section>
<button id="forget" type="button">Forget the key</button>
</div>
</main>
</div>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
