import type { Fill } from '../domain/fill.js';
import type { Money } from '../domain/money.js';
import type { Position } from '../domain/position.js';
import { Portfolio, type FillOrder } from './portfolio.js';

/**
 * Folds every fill, in the order they were booked.
 * @returns the portfolio, and every position there ever was as the fills leave it
 * @throws ImpossibleFill when the fills contradict themselves: trading does not start on corrupt data
 */
export function foldFills(
  deposits: Money,
  booked: readonly { readonly order: FillOrder; readonly fill: Fill }[],
): { readonly portfolio: Portfolio; readonly positions: readonly Position[] } {
  const portfolio = new Portfolio(deposits);
  const positions = new Map<string, Position>();
  for (const { order, fill } of booked) {
    const position = portfolio.fill(order, fill);
    if (position) positions.set(position.id, position);
  }
  return { portfolio, positions: [...positions.values()] };
}

/** @returns the folded positions whose row is missing or says something else */
export function differing(folded: readonly Position[], rows: readonly Position[]): Position[] {
  const known = new Map(rows.map((row) => [row.id, row]));
  return folded.filter((position) => !isSame(position, known.get(position.id)));
}

function isSame(a: Position, b: Position | undefined): boolean {
  return b !== undefined && (Object.keys(a) as (keyof Position)[]).every((key) => a[key] === b[key]);
}
