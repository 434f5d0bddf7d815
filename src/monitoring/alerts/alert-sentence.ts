import { refOf } from '../../domain/model.js';
import type { Reading } from './readings.js';
import type { Rule, Unit } from './rules.js';

/** @returns what, where, how much, and what to do */
export function raisedSentence(reading: Reading, rule: Rule): string {
  const { value, limit, unit, what, remedy } = { ...rule, ...reading };
  return `${whereOf(reading)}: ${what} is ${amount(value, unit)}, above ${amount(limit, unit)}; ${remedy}`;
}

export function clearedSentence(reading: Reading, { what, unit, clearAt }: Rule): string {
  return `${whereOf(reading)}: ${what} is ${amount(reading.value, unit)} again, not above ${amount(clearAt, unit)}`;
}

/** @param reading the last there was */
export function silentSentence(reading: Reading, { what, unit }: Rule): string {
  return `${whereOf(reading)}: ${what} is no longer measured; it was ${amount(reading.value, unit)}`;
}

function whereOf({ model, timeframe, detail }: Reading): string {
  const where = [model && refOf(model), timeframe, detail].filter((part) => part != null);
  return where.length > 0 ? where.join(' ') : 'the service';
}

function amount(value: number, unit: Unit): string {
  if (unit === 'share') return `${digits(value * 100)} %`;
  return unit === 'psi' ? `PSI ${digits(value)}` : `${digits(value)} ${unit}`;
}

const digits = (value: number): string => String(Number(value.toPrecision(3)));
