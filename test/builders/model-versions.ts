import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Another version of a shipped model: the same files under another version, so that its checksums and certificate hold.
 * @param from the folder of models to copy 1.0.0 out of; absent: the shipped ones
 */
export function addVersion(models: string, name: string, version: string, from = 'models'): void {
  const folder = join(models, name, version);
  cpSync(join(from, name, '1.0.0'), folder, { recursive: true });
  rewrite(join(folder, 'manifest.json'), '"version": "1.0.0"', `"version": "${version}"`);
  rewrite(join(folder, 'certificate.json'), `"model": "${name}@1.0.0"`, `"model": "${name}@${version}"`);
}

function rewrite(file: string, from: string, to: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
}
