import { build } from './project.mjs';

await build();
await import('../dist/src/cli.js');
