import type { Command } from 'commander';
import { show } from '../platform/config/show.js';
import { readConfig } from '../platform/environment.service.js';

/** `show-config` prints every key in force, passwords replaced. */
export function registerConfig(program: Command): void {
  program
    .command('show-config')
    .description('the configuration in force: .env and environment, defaults filled in, secrets redacted')
    .action(() => {
      process.stdout.write(`${show(readConfig())}\n`);
    });
}
