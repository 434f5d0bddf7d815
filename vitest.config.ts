import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

const plugins = [swc.vite({ module: { type: 'es6' } })];

export default defineConfig({
  test: {
    projects: [
      { plugins, test: { name: 'pure', include: ['src/**/*.spec.ts', 'test/house/**/*.spec.ts'], testTimeout: 60_000 } },
      {
        plugins,
        test: {
          name: 'medium',
          include: ['test/medium/**/*.spec.ts', 'test/replay/**/*.spec.ts', 'test/faults/**/*.spec.ts'],
          globalSetup: ['test/builders/postgres.setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
