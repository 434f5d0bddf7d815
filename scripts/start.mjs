import { build } from './project.mjs';

// In this very process: a signal, and an exit code, mean what they say.
build();
await import('../dist/src/main.js');
