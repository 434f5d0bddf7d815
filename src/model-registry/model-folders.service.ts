import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refOf, type ModelRef } from '../domain/model.js';
import { readCertificate, type Certificate } from './certification/certificate.js';
import { checkManifest, type KnownFeatures, type Manifest } from './manifest.js';
import type { Refusal } from './refusal-codes.js';
import { compareVersions } from './versions.js';

const JSON_LIMIT = 4 * 1024 * 1024;

/** One models/<name>/<version> as it lies on disk; its model file is not opened yet. */
export interface Found extends ModelRef {
  readonly folder: string;
  /** Absent where it cannot be read. */
  readonly manifest: Manifest | undefined;
  /** Why it cannot serve. */
  readonly refusal: Refusal | undefined;
  readonly certificate: Certificate | undefined;
  /** Why no certificate covers it. */
  readonly uncertified: string | undefined;
  /** Changes when anything in the folder does. */
  readonly fingerprint: string;
}

/** @returns every models/<name>/<version>, by name, newest version first; or why the directory cannot be read */
export async function findVersions(directory: string, features: KnownFeatures): Promise<readonly Found[] | string> {
  const names = await foldersIn(directory).catch((error: NodeJS.ErrnoException) => error);
  if (names instanceof Error) return `MODELS_DIR ${directory} cannot be read (${names.code ?? names.message})`;
  const found: Found[] = [];
  for (const name of names.sort()) {
    const versions = await foldersIn(join(directory, name));
    for (const version of versions.sort((a, b) => compareVersions(b, a)))
      found.push(await readVersion({ name, version }, join(directory, name, version), features));
  }
  return found;
}

export async function readVersion(ref: ModelRef, folder: string, features: KnownFeatures): Promise<Found> {
  const { name, version } = ref;
  const fingerprint = await fingerprintOf(folder);
  const nothing = { name, version, folder, fingerprint, certificate: undefined, uncertified: undefined };
  const raw = await readJson(join(folder, 'manifest.json'));
  if ('why' in raw) {
    const code = raw.absent ? 'MANIFEST_MISSING' : 'MANIFEST_INVALID';
    return { ...nothing, manifest: undefined, refusal: { code, message: raw.why } };
  }
  const { manifest, faults } = checkManifest(raw.value, ref, features);
  const [first] = faults;
  const message = faults.map((fault) => fault.message).join('; ');
  const refusal = first && { code: first.code, message };
  return { ...nothing, manifest, refusal, ...(manifest && (await certificateOf(ref, folder, manifest))) };
}

async function certificateOf(ref: ModelRef, folder: string, { sha256, feature_hash: featureHash }: Manifest) {
  const raw = await readJson(join(folder, 'certificate.json'));
  const read = 'why' in raw ? raw.why : readCertificate(raw.value, { ref: refOf(ref), sha256, featureHash });
  return typeof read === 'string'
    ? { certificate: undefined, uncertified: read }
    : { certificate: read, uncertified: undefined };
}

async function foldersIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const folders: string[] = [];
  for (const entry of entries) {
    const isFolder =
      entry.isDirectory() || (entry.isSymbolicLink() && (await isDirectory(join(directory, entry.name))));
    if (isFolder && !entry.name.startsWith('.')) folders.push(entry.name);
  }
  return folders;
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function fingerprintOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(folder)).sort()) {
    const { size, mtimeMs, ino } = await stat(join(folder, name)).catch(() => ({ size: -1, mtimeMs: 0, ino: 0 }));
    hash.update(`${name}/${size}/${mtimeMs}/${ino}\n`);
  }
  return hash.digest('hex');
}

async function readJson(file: string): Promise<{ value: unknown } | { why: string; absent: boolean }> {
  const name = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  const size = await stat(file).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === undefined) return { why: `no ${name} in its folder`, absent: true };
  if (size > JSON_LIMIT) return { why: `${name} is larger than ${JSON_LIMIT} bytes`, absent: false };
  try {
    return { value: JSON.parse(await readFile(file, 'utf8')) };
  } catch (error) {
    return { why: `${name}: ${(error as Error).message}`, absent: false };
  }
}
