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
  const response = await fetch('/api/v1/' + path, { ...options, headers: { authorization: 'Bearer ' + key } });
  if (response.status === 401) { forget(); throw new Error('The key was refused.'); }
  if (!response.ok) throw new Error(path + ': ' + response.status);
  return response.json();
}

function forget() {
  sessionStorage.removeItem(KEY);
  if (socket) socket.close();
  $('facts').replaceChildren();
  $('private').hidden = true;
  $('ask').hidden = false;
}

function trouble(text) { $('trouble').textContent = text; }
const number = (value, digits) => value == null ? '\\u2013' : Number(value).toLocaleString(undefined, { maximumFractionDigits: digits });

function showStatus(s) {
  const active = s.models.versions.filter((model) => model.state === 'active');
  const equity = s.trading.valuation;
  const facts = [
    ['Market feed', s.feed.fresh ? 'fresh' : s.feed.connected ? 'stale' : 'not connected'],
    ['Exchange time', s.exchange_time.slice(0, 19).replace('T', ' ') + ' UTC'],
    ['Series', number(s.feed.series)],
    ['Models', active.map((model) => model.name + ' ' + model.version).join(', ') || 'none'],
    ['Equity', equity ? number(equity.equity, 2) + ' USDT' : '\\u2013'],
    ['Open positions', number(s.trading.open_positions)],
    ['Trading', s.trading.halted ? 'halted' : 'running'],
    ['Signals since start', number(s.strategy.signals)],
    ['Main loop lag, p99', number(s.event_loop.lag_ms.p99, 1) + ' ms'],
  ];
  $('facts').replaceChildren(...facts.map(([name, value]) => {
    const item = document.createElement('div');
    const term = document.createElement('dt');
    const detail = document.createElement('dd');
    term.textContent = name;
    detail.textContent = value;
    item.append(term, detail);
    return item;
  }));
}

function draw() {
  drawing = false;
  $('rows').replaceChildren(...signals.map((signal) => {
    const row = document.createElement('tr');
    if (fresh.has(signal.id)) row.className = 'new';
    const cells = [
      signal.timestamp.slice(0, 19).replace('T', ' '), signal.symbol, signal.timeframe, signal.direction,
      (signal.confidence * 100).toFixed(1) + ' %', number(signal.entry_price, 8), number(signal.stop_loss, 8), number(signal.take_profit, 8),
    ].map((text) => {
      const cell = document.createElement('td');
      cell.textContent = text;
      return cell;
    });
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

async function listen() {
  if (!sessionStorage.getItem(KEY) || (socket && socket.readyState <= WebSocket.OPEN)) return;
  try {
    const { ticket } = await api('ws-ticket', { method: 'POST' });
    socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/ws?ticket=' + encodeURIComponent(ticket));
    socket.onopen = () => { retry = 1000; $('live').textContent = 'live'; };
    socket.onmessage = (event) => hear(JSON.parse(event.data));
    socket.onclose = () => { $('live').textContent = 'reconnecting'; again(); };
  } catch (error) { trouble(error.message); again(); }
}

function again() { retry = Math.min(retry * 2, 30000); setTimeout(listen, retry * (0.5 + Math.random() / 2)); }

async function refresh() {
  if (!sessionStorage.getItem(KEY)) return;
  try { showStatus(await api('status')); trouble(''); } catch (error) { trouble(error.message); }
}

async function enter() {
  try {
    showStatus(await api('status'));
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
  enter();
});
$('forget').addEventListener('click', forget);
setInterval(refresh, 5000);
if (sessionStorage.getItem(KEY)) enter();
`;
