import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refOf, type ModelRef } from '../domain/model.js';
import { readCertificate, type Certificate } from './certification/certificate.js';
import { checkEnsemble, saysEnsemble } from './ensemble/ensemble-manifest.js';
import type { FoundEnsemble } from './ensemble/resolve-ensemble.js';
import { MODEL_FILE } from './certification/model-file.js';
import { checkManifest, type KnownFeatures, type Manifest } from './manifest.js';
import type { Refusal } from './refusal-codes.js';
import { compareVersions } from './versions.js';

const JSON_LIMIT = 4 * 1024 * 1024;
/** What an import works in until it is certified. */
export const IMPORT_FOLDER = '.import-';

/** One models/<name>/<version> as it lies on disk; its model file is not opened yet. */
export interface Found extends ModelRef {
  readonly folder: string;
  /** Absent where it cannot be read, and of an ensemble. */
  readonly manifest: Manifest | undefined;
  /** Absent where it cannot be read, and of a model. */
  readonly ensemble: FoundEnsemble | undefined;
  /** Why it cannot serve. */
  readonly refusal: Refusal | undefined;
  readonly certificate: Certificate | undefined;
  /** Why no certificate covers it. */
  readonly uncertified: string | undefined;
  /** Changes when anything in the folder does. */
  readonly fingerprint: string;
}

/** @returns what the manifests of models and ensembles have in common; undefined where it could not be read */
export function declarationOf({ manifest, ensemble }: Pick<Found, 'manifest' | 'ensemble'>) {
  return manifest ?? ensemble?.manifest;
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

/**
 * One look at MODELS_DIR, without reading a file.
 * @returns fingerprint of every models/<name>/<version>, by ref
 * @throws where the directory cannot be read
 */
export async function fingerprintsIn(directory: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const name of await foldersIn(directory)) {
    for (const version of await foldersIn(join(directory, name)).catch(() => []))
      found.set(refOf({ name, version }), await fingerprintOf(join(directory, name, version)).catch(() => ''));
  }
  return found;
}

/** @returns whether its manifest can be read and its model file, if it has one, is the one that the manifest speaks of */
export async function isComplete({ folder, manifest, ensemble }: Found): Promise<boolean> {
  if (ensemble) return true;
  return manifest !== undefined && (await sha256Of(join(folder, MODEL_FILE))) === manifest.sha256;
}

/** Removes what imports that were killed left behind. @param before epoch ms: younger ones may still be at work */
export async function sweepImports(directory: string, before: number): Promise<void> {
  const entries = await readdir(directory).catch(() => []);
  for (const entry of entries.filter((one) => one.startsWith(IMPORT_FOLDER))) {
    const path = join(directory, entry);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < before) await rm(path, { recursive: true, force: true });
  }
}

export async function readVersion(ref: ModelRef, folder: string, features: KnownFeatures): Promise<Found> {
  const { name, version } = ref;
  const fingerprint = await fingerprintOf(folder);
  const nothing = {
    ...{ name, version, folder, fingerprint },
    ...{ manifest: undefined, ensemble: undefined, certificate: undefined, uncertified: undefined },
  };
  const raw = await readJson(join(folder, 'manifest.json'));
  if ('why' in raw) {
    const code = raw.absent ? 'MANIFEST_MISSING' : 'MANIFEST_INVALID';
    return { ...nothing, refusal: { code, message: raw.why } };
  }
  if (saysEnsemble(raw.value)) return { ...nothing, ...(await ensembleIn(ref, folder, raw.value)) };
  const { manifest, faults } = checkManifest(raw.value, ref, features);
  const refusal = asOne(faults);
  return { ...nothing, manifest, refusal, ...(manifest && (await certificateOf(ref, folder, manifest))) };
}

function asOne(faults: readonly Refusal[]): Refusal | undefined {
  return faults[0] && { code: faults[0].code, message: faults.map(({ message }) => message).join('; ') };
}

async function ensembleIn(ref: ModelRef, folder: string, raw: unknown) {
  const { manifest, faults } = checkEnsemble(raw, ref);
  const golden = await readJson(join(folder, 'golden.json'));
  const unread: Refusal[] = 'why' in golden && !golden.absent ? [{ code: 'GOLDEN_MISMATCH', message: golden.why }] : [];
  return {
    refusal: asOne([...faults, ...unread]),
    ensemble: manifest && { manifest, golden: 'value' in golden ? golden.value : undefined },
    uncertified: 'an ensemble has no certificate of its own: the versions that it is made of have theirs',
  };
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

/** A stream: a large file is hashed in many short turns. @returns undefined where it cannot be read */
async function sha256Of(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
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
