import { Command } from 'commander';
import { registerConfig } from './cli/config.js';
import { registerFeatures } from './cli/features.js';
import { registerModels } from './cli/models.js';
import { scrub } from './platform/scrub.js';
import { StartError } from './platform/start-error.js';

// Whoever reads the output may have enough of it: `models predict … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

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
