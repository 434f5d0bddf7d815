import { build } from './project.mjs';

build({ force: true });
