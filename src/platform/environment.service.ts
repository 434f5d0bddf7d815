import { existsSync } from 'node:fs';
import { env } from 'node:process';
import { describeFaults, load } from './config/load.js';
import type { Config } from './config/schema.js';
import { StartError } from './start-error.js';

/**
 * Reads `.env` of the working directory, where there is one, and the environment, which wins.
 * @throws StartError naming every fault at once
 */
export function readConfig(): Config {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const loaded = load(env);
  if ('faults' in loaded) throw new StartError(describeFaults(loaded.faults));
  return loaded.config;
}
