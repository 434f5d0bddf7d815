// Until the application listens to signals itself, nothing is open that would have to be closed.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));

// In this very process: a signal, and an exit code, mean what they say.
const { build } = await import('./project.mjs');
await build();
await import('../dist/src/main.js');
