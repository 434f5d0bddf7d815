import { build } from './project.mjs';

build();
await import('../dist/src/cli.js');
