import type { Brand } from './brand.js';

/** Quote per base, in units of 1e-8. */
export type Price = Brand<bigint, 'Price'>;
/** Base amount, in units of 1e-8. */
export type Quantity = Brand<bigint, 'Quantity'>;
/** Quote amount (USDT), in units of 1e-8. */
export type Money = Brand<bigint, 'Money'>;
/** A share or a rate (0.001 is 0.1 %), in units of 1e-8. */
export type Ratio = Brand<bigint, 'Ratio'>;
/** Every exact number: an integer count of 1e-8. */
export type Exact = Price | Quantity | Money | Ratio;

/** Which neighbour wins when a value falls between two steps: towards −∞, towards +∞, or the closer one (ties away from 0). */
export type Rounding = 'floor' | 'ceil' | 'nearest';

export const DIGITS = 8;
/** 1 as an exact number. */
export const ONE = 100_000_000n;
export const ZERO = 0n as Money;

/** Text or a number that cannot be held exactly: no decimal, or more than 8 digits after the point. */
export class NotExact extends RangeError {}

/**
 * Reads a plain decimal as exchanges write it (`0.00100000`, `-12.5`). Digits beyond the eighth must be zeros.
 * @throws NotExact
 */
export function parseExact<T extends Exact>(text: string): T {
  const parts = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text.trim());
  if (!parts) throw new NotExact(`"${text}" is no decimal number`);
  const fraction = (parts[3] ?? '').replace(/0+$/, '');
  if (fraction.length > DIGITS) throw new NotExact(`"${text}" has more than ${DIGITS} digits after the point`);
  const value = BigInt(parts[2] + fraction.padEnd(DIGITS, '0'));
  return (parts[1] === '-' ? -value : value) as T;
}

/** @throws NotExact */
export const price = (text: string): Price => parseExact<Price>(text);
/** @throws NotExact */
export const quantity = (text: string): Quantity => parseExact<Quantity>(text);
/** @throws NotExact */
export const money = (text: string): Money => parseExact<Money>(text);
/** @throws NotExact */
export const ratio = (text: string): Ratio => parseExact<Ratio>(text);

/** @returns the shortest plain decimal: no exponent, no trailing zeros; `parseExact` reads it back */
export function format(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(DIGITS + 1, '0');
  const fraction = digits.slice(-DIGITS).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -DIGITS)}${fraction && `.${fraction}`}`;
}

/** For charts and ratios only: the way back from exact to float loses digits. */
export function toNumber(value: bigint): number {
  return Number(format(value));
}

/** @returns numerator / denominator as an integer. @throws RangeError when the denominator is 0 */
export function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  if (denominator < 0n) return divide(-numerator, -denominator, rounding);
  const quotient = numerator / denominator;
  const rest = numerator % denominator;
  if (rest === 0n) return quotient;
  const away = numerator < 0n ? quotient - 1n : quotient + 1n;
  if (rounding === 'floor') return numerator < 0n ? away : quotient;
  if (rounding === 'ceil') return numerator < 0n ? quotient : away;
  return 2n * (rest < 0n ? -rest : rest) >= denominator ? away : quotient;
}

/** @returns the multiple of `step` beside `value`; a step of 0 means no step. */
export function roundTo<T extends Exact>(value: T, step: bigint, rounding: Rounding): T {
  return (step > 1n ? divide(value, step, rounding) * step : value) as T;
}

/** @returns the largest multiple of `step` that is not above `value` */
export function floorTo<T extends Exact>(value: T, step: bigint): T {
  return roundTo(value, step, 'floor');
}

/**
 * Where a float becomes exact. It is read as its shortest decimal (what the exchange said before JSON made it a double),
 * never as its binary expansion: 100.01 floors to 100.01.
 * @param step tick or lot to land on; absent: 1e-8
 * @throws NotExact when the number is not finite
 */
export function fromNumber<T extends Exact>(value: number, rounding: Rounding, step: bigint = 1n): T {
  if (!Number.isFinite(value)) throw new NotExact(`${value} is no exact number`);
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!;
  const fraction = parts[3] ?? '';
  const digits = BigInt(`${parts[1]}${parts[2]}${fraction}`);
  const exponent = Number(parts[4] ?? 0) - fraction.length + DIGITS;
  const unit = step > 1n ? step : 1n;
  if (exponent >= 0) return (divide(digits * 10n ** BigInt(exponent), unit, rounding) * unit) as T;
  return (divide(digits, unit * 10n ** BigInt(-exponent), rounding) * unit) as T;
}

/** price × quantity in quote; it has 16 digits, so the caller says which way the last eight go. */
export function notional(price: Price, quantity: Quantity, rounding: Rounding): Money {
  return divide(price * quantity, ONE, rounding) as Money;
}

/** value × ratio, in the value's own unit. */
export function scale<T extends Exact>(value: T, by: Ratio, rounding: Rounding): T {
  return divide(value * by, ONE, rounding) as T;
}

/** amount / price: the base amount that this much quote buys. */
export function quantityFor(amount: Money, price: Price, rounding: Rounding): Quantity {
  return divide(amount * ONE, price, rounding) as Quantity;
}

export function compare(a: bigint, b: bigint): -1 | 0 | 1 {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function least<T extends Exact>(first: T, ...others: readonly T[]): T {
  let smallest = first;
  for (const value of others) if (value < smallest) smallest = value;
  return smallest;
}

export function absolute<T extends Exact>(value: T): T {
  return (value < 0n ? -value : value) as T;
}
