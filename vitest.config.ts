import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

const plugins = [swc.vite({ module: { type: 'es6' } })];

export default defineConfig({
  test: {
    projects: [
      {
        plugins,
        test: {
          name: 'pure',
          include: ['src/**/*.spec.ts', 'bench/**/*.spec.ts', 'test/house/**/*.spec.ts'],
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real Postgres, real sockets, real workers.
        plugins,
        test: {
          name: 'medium',
          include: ['test/medium/**/*.spec.ts', 'test/replay/**/*.spec.ts'],
          globalSetup: ['test/builders/build.setup.ts', 'test/builders/postgres.setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // The whole application, started as a user starts it: one file at a time, each has the machine to itself.
        plugins,
        test: {
          name: 'whole',
          include: ['test/whole/**/*.spec.ts', 'test/faults/**/*.spec.ts'],
          globalSetup: ['test/builders/build.setup.ts'],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
