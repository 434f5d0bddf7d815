import { build } from './project.mjs';

await build({ force: !process.argv.includes('--if-needed') });
