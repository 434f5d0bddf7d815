export interface Running {
  readonly version: string;
  readonly url: string;
  readonly pid: number;
  readonly home: string;
  readonly keyFile: string;
  /** Absent: the real exchange. */
  readonly simulator:
    { readonly pid: number; readonly port: number; readonly speed: number; readonly seed: number } | undefined;
  /** `pid` only where the server is ours. */
  readonly database: { readonly pid: number | undefined; readonly where: string };
  readonly symbols: string;
  readonly timeframes: readonly string[];
}

/** What a person sees first: what is real here and what is not, what runs where, how to get in and how to stop. */
export function banner({
  version,
  url,
  pid,
  home,
  keyFile,
  simulator,
  database,
  symbols,
  timeframes,
}: Running): string {
  const market = simulator
    ? `SIMULATED MARKET (seed ${simulator.seed}), ${simulator.speed} exchange seconds a second. PAPER MONEY.`
    : 'Real market data (Binance). PAPER MONEY: no order leaves this machine.';
  const rows = [
    ['', market],
    ['application', `pid ${pid}, ${symbols} symbols × ${timeframes.join(' ')}`],
    ['database', database.pid ? `embedded PostgreSQL, pid ${database.pid}, ${database.where}` : database.where],
    ['exchange', simulator ? `simulator, pid ${simulator.pid}, 127.0.0.1:${simulator.port}` : 'Binance, public data'],
    ['data', home],
    ['API key', keyFile],
    ['status', `${url}/`],
    ['API', `${url}/docs`],
    ['metrics', `${url}/metrics`],
    ['websocket', `${url.replace(/^http/, 'ws')}/ws`],
    ['stop', 'Ctrl-C'],
  ] as const;
  const line = '─'.repeat(78);
  const body = rows.map(([name, text]) => `  ${name.padEnd(12)} ${text}`.replace(/^ {15}/, '  ')).join('\n');
  return `${line}\n  AlphaPulse ${version}\n${body}\n${line}`;
}
