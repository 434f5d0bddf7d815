import type { Command } from 'commander';
import { exportFeatures } from '../batch-inference/features/feature-export.job.js';
import { FEATURE_HASH, FEATURES, WARM_UP } from '../batch-inference/features/feature-table.js';

/** `features list` shows the feature table; `features export` computes it over candle files, for training. */
export function registerFeatures(program: Command): void {
  const features = program.command('features').description('the features that models are trained on and served with');

  features
    .command('list')
    .description('name, family, formula, source and warm-up of every feature, in row order')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: boolean }) => {
      process.stdout.write(json ? `${JSON.stringify(listing(), null, 2)}\n` : table());
    });

  features
    .command('export')
    .description('compute every feature over candle files; writes float32 rows, float64 columns and index.json')
    .requiredOption('--input <path...>', 'folders or files: <symbol>-<timeframe>.csv[.gz]')
    .requiredOption('--output <dir>', 'folder to write to')
    .action(async (options: { input: string[]; output: string }) => {
      const { series, skipped } = await exportFeatures(options);
      for (const { file, reason } of skipped) process.stderr.write(`skipped ${file}: ${reason}\n`);
      const rows = series.reduce((total, one) => total + one.rows, 0);
      process.stdout.write(
        `${series.length} series, ${rows} rows of ${FEATURES.length} features in ${options.output}\n`,
      );
    });
}

function listing() {
  return { feature_hash: FEATURE_HASH, warm_up: WARM_UP, features: FEATURES };
}

function table(): string {
  const lines = FEATURES.map(({ name, family, warmUp, formula }, i) =>
    [String(i).padStart(2), name.padEnd(24), family.padEnd(12), String(warmUp).padStart(3), formula].join('  '),
  );
  return `${lines.join('\n')}\n${FEATURES.length} features, warm after ${WARM_UP} candles, hash ${FEATURE_HASH}\n`;
}
