import { format, parseExact } from '../domain/money.js';
import type { EquityRow } from './order.row.js';

const plain = (text: string): string => format(parseExact(text));

/** A point of the equity curve as JSON: exact money as decimal text. */
export function equityJson(row: EquityRow) {
  return {
    at: row.at.toISOString(),
    equity: plain(row.equity),
    cash: plain(row.cash),
    unrealised: plain(row.unrealised),
    peak: plain(row.peak),
    drawdown: plain(row.drawdown),
  };
}
