/**
 * The status page's script. Text from the service is set as text, never as markup. The key stays in this tab
 * (sessionStorage); it leaves only in the Authorization header to this origin.
 */
export const SCRIPT = `
'use strict';
const KEY = 'alphapulse.key';
const SHOWN = 50;
const $ = (id) => document.getElementById(id);
let signals = [];
let fresh = new Set();
let socket, retry = 1000, drawing = false;

async function api(path, options) {
  const key = sessionStorage.getItem(KEY);
  const response = await fetch('/api/v1/' + path, { ...options, headers: { authorization: 'Bearer ' + key } })
    .catch(() => { throw new Error('The service does not answer.'); });
  if (response.status === 401) { forget(); throw new Error('The key was refused.'); }
  if (!response.ok) throw new Error(path + ': ' + response.status);
  return response.json();
}

function forget() {
  sessionStorage.removeItem(KEY);
  if (socket) socket.close();
  $('private').hidden = true;
  showAlerts([]);
  $('ask').hidden = false;
}

function trouble(text) { $('trouble').textContent = text; }
const number = (value, digits) => value == null ? '\\u2013' : Number(value).toLocaleString(undefined, { maximumFractionDigits: digits });
const price = (value) => value == null ? '\\u2013' : value.toLocaleString(undefined, { maximumSignificantDigits: 7 });
const many = (count, thing) => number(count) + ' ' + thing + (count === 1 ? '' : 's');

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function showStatus(s) {
  showAlerts(s.alerts.open);
  const active = s.models.versions.filter((model) => model.state === 'active');
  const names = active.map((model) => model.name + ' ' + model.version).join(', ');
  const equity = s.trading.valuation;
  const stale = s.trading.stale_prices.map((price) => price.symbol);
  const facts = [
    ['Market feed', s.feed.fresh ? 'fresh' : s.feed.connected ? 'stale' : 'not connected', many(s.feed.symbols, 'symbol') + ', ' + s.feed.timeframes.join(' ')],
    ['Exchange time', s.exchange_time.slice(11, 19), s.exchange_time.slice(0, 10) + ', UTC'],
    ['Models', s.models.enabled ? active.length + ' active' : 'off', s.models.enabled ? names || s.models.reason || '' : 'no predictions, no signals'],
    ['Signals', number(s.strategy.signals), 'since start'],
    ['Equity', equity ? number(equity.equity, 2) : '\\u2013', 'USDT, paper money'],
    ['Open positions', number(s.trading.open_positions), stale.length ? 'no new price, no stop: ' + stale.join(', ') : ''],
    ['Trading', s.trading.halted ? 'halted' : 'running', s.trading.halt ? 'no new positions: ' + s.trading.halt.code : ''],
    ['Main loop lag', number(s.event_loop.lag_ms.p99, 1) + ' ms', 'p99'],
  ];
  $('facts').replaceChildren(...facts.map(([name, value, note]) => {
    const item = document.createElement('div');
    const detail = element('dd', value);
    const small = element('small', note);
    detail.append(small);
    item.append(element('dt', name), detail);
    return item;
  }));
}

function showLatency({ minutes, runs, stages_ms: stages }) {
  const names = Object.keys(stages);
  const ranks = ['p50', 'p95', 'p99', 'max'];
  $('measured').textContent = 'ms, ' + many(runs, 'run') + ' of the last ' + many(minutes, 'minute');
  $('stages').replaceChildren(element('th', ''), ...names.map((name) => element('th', name)));
  for (const cell of $('stages').children) cell.scope = 'col';
  $('latencies').replaceChildren(...ranks.map((rank) => {
    const row = document.createElement('tr');
    const head = element('th', rank);
    head.scope = 'row';
    row.append(head, ...names.map((name) => element('td', milliseconds(stages[name][rank]))));
    return row;
  }));
}

function showInference({ data }) {
  const part = (rows, of) => of > 0 ? (100 * rows / of).toFixed(1) + ' %' : '\\u2013';
  $('inference').replaceChildren(...data.map(({ model, version, engine, timeframe, runs, rows, answered, stages_ms: stages }) => {
    const row = document.createElement('tr');
    const { queue, inference } = stages;
    const cells = [
      model, version, engine, timeframe || 'ad hoc', number(runs), part(answered, rows), milliseconds(queue && queue.p99),
      ...['p50', 'p99', 'p999'].map((rank) => milliseconds(inference && inference[rank])),
    ];
    row.append(...cells.map((text) => element('td', text)));
    return row;
  }));
}

function showAlerts(open) { $('alerts').replaceChildren(...open.map(({ code, message }) => element('li', code + ' ' + message))); }

const milliseconds = (value) => value == null ? '\\u2013' : value.toFixed(value < 10 ? 2 : 1);

function draw() {
  drawing = false;
  $('rows').replaceChildren(...signals.map((signal) => {
    const row = document.createElement('tr');
    if (fresh.has(signal.id)) row.className = 'new';
    const cells = [
      signal.timestamp.slice(11, 19), signal.symbol, signal.timeframe, signal.direction,
      (signal.confidence * 100).toFixed(1) + ' %', number(signal.entry_price, 8), price(signal.stop_loss), price(signal.take_profit),
    ].map((text) => element('td', text));
    const day = element('span', signal.timestamp.slice(0, 10) + ' ');
    day.className = 'day';
    cells[0].prepend(day);
    cells[3].className = signal.direction;
    row.append(...cells);
    return row;
  }));
  $('none').hidden = signals.length > 0;
  fresh = new Set();
}

function show() { if (!drawing) { drawing = true; requestAnimationFrame(draw); } }

function hear({ type, data }) {
  if (type === 'initial_signals') signals = data.slice(0, SHOWN);
  else if (type === 'new_signal') { signals = [data, ...signals.filter(({ id }) => id !== data.id)].slice(0, SHOWN); fresh.add(data.id); }
  else return;
  show();
}

function state(text) { $('live').textContent = text; $('live').className = 'pill ' + text; }

async function listen() {
  if (!sessionStorage.getItem(KEY) || (socket && socket.readyState <= WebSocket.OPEN)) return;
  try {
    const { ticket } = await api('ws-ticket', { method: 'POST' });
    socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/ws?ticket=' + encodeURIComponent(ticket));
    socket.onopen = () => { retry = 1000; state('live'); };
    socket.onmessage = (event) => hear(JSON.parse(event.data));
    socket.onclose = () => { state('reconnecting'); again(); };
  } catch (error) { trouble(error.message); again(); }
}

function again() { retry = Math.min(retry * 2, 30000); setTimeout(listen, retry * (0.5 + Math.random() / 2)); }

async function load() {
  showStatus(await api('status'));
  showLatency(await api('latency?minutes=10'));
  showInference(await api('inference?window=5m'));
}

async function refresh() {
  if (!sessionStorage.getItem(KEY) || document.hidden) return;
  try { await load(); trouble(''); } catch (error) { trouble(error.message); }
}

async function enter() {
  try {
    await load();
    signals = (await api('signals?limit=' + SHOWN)).data;
  } catch (error) { trouble(error.message); return; }
  trouble('');
  $('ask').hidden = true;
  $('private').hidden = false;
  show();
  listen();
}

$('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, $('key').value.trim());
  $('key').value = '';
  trouble('');
  enter();
});
$('forget').addEventListener('click', forget);
setInterval(refresh, 3000);
document.addEventListener('visibilitychange', refresh);
if (sessionStorage.getItem(KEY)) enter();
`;
