import { Command } from 'commander';
import { registerConfig } from './cli/config.js';
import { registerFeatures } from './cli/features.js';
import { registerModels } from './cli/models.js';
import { scrub } from './platform/scrub.js';
import { StartError } from './platform/start-error.js';

const program = new Command('alphapulse').description('AlphaPulse on the command line').showHelpAfterError();
registerConfig(program);
registerFeatures(program);
registerModels(program);

try {
  await program.parseAsync();
} catch (error) {
  const { message, stack } = error as Error;
  process.stderr.write(`${scrub(error instanceof StartError ? message : (stack ?? message))}\n`);
  process.exitCode = 1;
}
