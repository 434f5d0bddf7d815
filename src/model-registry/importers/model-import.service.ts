import { createHash } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { refOf, type ModelRef } from '../../domain/model.js';
import type { Timeframe } from '../../domain/timeframe.js';
import type { Terms } from '../admission/admission.js';
import type { AdmissionService } from '../admission/admission.service.js';
import type { Certificate } from '../certification/certificate.js';
import { MODEL_FILE } from '../certification/model-file.js';
import type { KnownFeatures, Manifest } from '../manifest.js';
import { readVersion } from '../model-folders.service.js';
import type { Refusal } from '../refusal-codes.js';
import { convertSource, type Converted } from './convert-source.js';
import { readExport, type Exported } from './exported.js';
import { ImportRefused } from './import-refused.js';
import { newManifest, type Declared, type Described } from './new-manifest.js';
import { recognise } from './recognise.js';
import { readSource } from './source-file.service.js';
import { VersionPlace } from './version-place.service.js';

export interface ImportRequest extends ModelRef {
  /** A model file; or the folder, or its export.json, that training/export wrote. */
  readonly source: string;
  readonly timeframes: readonly Timeframe[];
  /** What its columns are the probabilities of; absent: as its file says. */
  readonly classes?: readonly string[] | undefined;
  readonly features: Declared['features'];
  /** golden.json of the native library; absent: an exported one, or the model answers for itself. */
  readonly golden: string | undefined;
  readonly trees: 'best' | 'all';
}

export interface ImportedModel {
  readonly manifest: Manifest;
  readonly certificate: Certificate;
}

/** Converts a source file, has it certified in the admission process, and only then gives it its place in MODELS_DIR. */
export class ModelImport {
  constructor(
    private readonly directory: string,
    private readonly features: KnownFeatures,
    private readonly admission: AdmissionService,
    private readonly terms: Terms,
  ) {}

  /**
   * @returns the version's manifest and certificate, or why the certificate was not given; nothing is registered then
   * @throws ImportRefused
   */
  async take(request: ImportRequest): Promise<ImportedModel | Refusal> {
    const place = new VersionPlace(this.directory, request);
    await place.requireFree();
    const { bytes, described, golden: own } = await convert(request, this.terms.version);
    const golden = request.golden === undefined ? own : await readSource(resolve(request.golden));
    const declared = { ...request, createdAt: this.terms.madeAt };
    const manifest = newManifest(described, declared, sha256Of(bytes), this.features);
    return place.take(async (folder) => {
      await writeFile(join(folder, MODEL_FILE), bytes);
      await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
      const { refusal: invalid } = await readVersion(request, folder, this.features);
      if (invalid) return invalid;
      if (golden) await writeFile(join(folder, 'golden.json'), golden);
      const certificate = await this.admission.certify({ ref: refOf(request), folder, manifest }, this.terms);
      if ('code' in certificate) return certificate;
      const refusal = uncertified(certificate);
      if (refusal) return refusal;
      await writeFile(join(folder, 'certificate.json'), `${JSON.stringify(certificate, null, 1)}\n`);
      return { manifest, certificate };
    });
  }
}

function uncertified({ variants }: Certificate): Refusal | undefined {
  if (variants.some(({ certified }) => certified)) return undefined;
  const reasons = variants.map(({ variant, reason }) => `${variant}: ${reason}`).join('; ');
  return { code: 'UNCERTIFIED', message: `no way of running it agrees with the reference: ${reasons}` };
}

/** @returns with the golden.json that came along */
async function convert(request: ImportRequest, version: string): Promise<Converted & { golden?: Uint8Array }> {
  const path = resolve(request.source);
  const folder = (await isFolder(path)) ? path : basename(path) === 'export.json' ? dirname(path) : undefined;
  if (folder) return exported(folder);
  return convertSource(await readSource(path), basename(path), { trees: request.trees, version });
}

async function exported(folder: string): Promise<Converted & { golden: Uint8Array }> {
  const description = readExport((await readSource(join(folder, 'export.json'))).toString('utf8'));
  const bytes = await readSource(join(folder, MODEL_FILE));
  const golden = await readSource(join(folder, 'golden.json'));
  agree(folder, description.model, bytes);
  agree(folder, description.golden, golden);
  const found = recognise(bytes, { trees: 'all' });
  if (!('onnx' in found)) throw new ImportRefused('SOURCE_INVALID', `${MODEL_FILE} is no ONNX file`);
  return { bytes, described: describedBy(description), golden };
}

function agree(folder: string, { file, sha256 }: { file: string; sha256: string }, bytes: Uint8Array): void {
  if (sha256Of(bytes) === sha256) return;
  throw new ImportRefused(
    'SOURCE_INVALID',
    `${join(basename(folder), file)} is not the file that export.json speaks of`,
  );
}

function describedBy({
  framework,
  kind,
  input,
  output,
  features,
  window,
  scaler,
  missing,
  source,
}: Exported): Described {
  return {
    ...{ framework, kind, float: input.dtype, margins: undefined },
    source: {
      ...{ file: basename(source[0]!.file), sha256: source[0]!.sha256, format: `${framework.name}-export` },
      ...{ objective: '', written_by: `${framework.name} ${framework.version}`, notes: [] },
    },
    input: { name: input.name, window },
    output: { name: output.name, columns: output.shape[1] },
    classes: output.classes && output.classes.map(String),
    ...{ scaler: scaler.kind, missing },
    features: features.map((name) => ({ name })),
  };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
