import { alertId, watchedKey, type Alert } from '../../domain/alert.js';
import { clearedSentence, raisedSentence, silentSentence } from './alert-sentence.js';
import { next, QUIET, type Standing } from './hysteresis.js';
import type { Reading } from './readings.js';
import type { Rules } from './rules.js';

/** Evaluations without a reading after which an open alert is over: a model that is gone alarms nobody. */
export const SILENT_EVALUATIONS = 300;

interface Entry {
  standing: Standing;
  /** The last one there was. */
  reading: Reading;
  /** The alert that is open. */
  alert: Alert | undefined;
  silent: number;
}

/**
 * What is watched and how it stands, by code, model and timeframe. Every alert is raised once and cleared once.
 *
 * In: readings, every second or so. Out: the alerts that they raise or clear; those that are open.
 */
export class AlertBoard {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly rules: Rules) {}

  get open(): readonly Alert[] {
    return [...this.#entries.values()].flatMap(({ alert }) => alert ?? []);
  }

  /**
   * @param readings of several for the same thing the highest counts @param now wall time, epoch ms
   * @returns what was raised or cleared
   */
  weigh(readings: readonly Reading[], now: number): Alert[] {
    const highest = new Map<string, Reading>();
    for (const reading of readings) {
      const key = watchedKey(reading);
      const before = highest.get(key);
      if (!before || reading.value > before.value) highest.set(key, reading);
    }
    const changes: Alert[] = [];
    for (const [key, reading] of highest) changes.push(...this.#read(key, reading, now));
    for (const [key, entry] of this.#entries) if (!highest.has(key)) changes.push(...this.#miss(key, entry, now));
    return changes;
  }

  #read(key: string, reading: Reading, now: number): Alert[] {
    const entry: Entry = this.#entries.get(key) ?? { standing: QUIET, reading, alert: undefined, silent: 0 };
    this.#entries.set(key, entry);
    const rule = this.rules[reading.code];
    entry.standing = next(entry.standing, reading.value, rule);
    entry.reading = reading;
    entry.silent = 0;
    if (entry.standing.raised === (entry.alert !== undefined)) return [];
    if (!entry.standing.raised) return this.#clear(entry, clearedSentence(reading, rule), now);
    const { code, model, timeframe, value } = reading;
    entry.alert = {
      ...{ id: alertId(reading, now), code, state: 'raised', model, timeframe, value, limit: rule.limit },
      ...{ message: raisedSentence(reading, rule), at: now },
    };
    return [entry.alert];
  }

  #miss(key: string, entry: Entry, now: number): Alert[] {
    entry.silent += 1;
    if (entry.alert && entry.silent < SILENT_EVALUATIONS) return [];
    this.#entries.delete(key);
    const { reading } = entry;
    return entry.alert ? this.#clear(entry, silentSentence(reading, this.rules[reading.code]), now) : [];
  }

  #clear(entry: Entry, message: string, now: number): Alert[] {
    const cleared: Alert = { ...entry.alert!, state: 'cleared', value: entry.reading.value, message, at: now };
    entry.alert = undefined;
    return [cleared];
  }
}
