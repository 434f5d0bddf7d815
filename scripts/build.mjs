import { build } from './project.mjs';

build({ force: !process.argv.includes('--if-needed') });
