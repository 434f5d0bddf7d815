import type { Pair } from '../../domain/pair.js';
import type { Config } from './schema.js';

/** Where the exchange is reached, and how fast its clock runs: 1 for a real one, SIMULATOR_SPEED for the simulator. */
export interface ExchangeEndpoint {
  readonly restUrl: string;
  readonly wsUrl: string;
  readonly speed: number;
}

/**
 * What the running process was told, frozen: the parsed configuration and what the start resolved from it. The
 * injection token of the same name; a service takes what it needs from it in its constructor and forgets the rest.
 */
export class Settings {
  constructor(
    readonly config: Config,
    readonly resolved: {
      /** Always set here: the embedded server's when DATABASE_URL was not given. */
      readonly databaseUrl: string;
      readonly exchange: ExchangeEndpoint;
      /** Absolute path of ALPHAPULSE_HOME. */
      readonly home: string;
      /** Absolute path of MODELS_DIR. */
      readonly modelsDir: string;
      readonly version: string;
      readonly startedAt: number;
    },
  ) {
    Object.freeze(this);
  }

  get exchange(): ExchangeEndpoint {
    return this.resolved.exchange;
  }
}

/** The symbols in force for this process, resolved against the exchange's list at start. */
export type Universe = readonly Pair[];
