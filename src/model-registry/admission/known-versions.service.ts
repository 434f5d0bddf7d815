import { join } from 'node:path';
import { isEnsemble, partsOf, type ActiveEnsemble, type Activation } from '../../domain/ensemble.js';
import { refOf, type ModelRef, type Variant } from '../../domain/model.js';
import { certifiedVariants } from '../certification/certificate.js';
import { fileOf } from '../certification/model-file.js';
import type { Candidate as Arranged } from '../memory/arrangement.js';
import { resolveEnsembles } from '../ensemble/resolve-ensemble.js';
import { activeModelOf } from '../manifest.js';
import { declarationOf, type Found } from '../model-folders.service.js';
import type { Refusal } from '../refusal-codes.js';
import { compareVersions } from '../versions.js';
import type { Judged, Runnable, Verdict, Wishes } from './admission.js';
import type { AdmissionService } from './admission.service.js';

const ON_CPU: Variant = { engine: 'onnx', provider: 'cpu', precision: 'full' };

/** A version with what the admission process said of it. */
export interface Known {
  readonly found: Found;
  readonly verdict: Verdict | undefined;
  /** Of an ensemble whose members are all there: how it is served. */
  readonly ensemble: ActiveEnsemble | undefined;
  /** Why it may not serve. */
  readonly refusal: Refusal | undefined;
}

/** A version that may serve. */
export interface Admitted extends Arranged {
  readonly model: Activation;
}

/** Every version that was found, judged in the admission process where its manifest and certificate allow it. */
export class KnownVersions {
  readonly #known = new Map<string, Known>();

  constructor(
    private readonly admission: AdmissionService,
    private readonly options: { readonly wishes: Wishes; readonly allowUncertified: boolean },
  ) {}

  /** By name, newest version first. */
  get all(): readonly Known[] {
    const order = ({ found: a }: Known, { found: b }: Known) =>
      a.name === b.name ? compareVersions(b.version, a.version) : a.name < b.name ? -1 : 1;
    return [...this.#known.values()].sort(order);
  }

  of(model: ModelRef): Known | undefined {
    return this.#known.get(refOf(model));
  }

  /**
   * Takes each in place of what was known of it. One that serves goes on as it was known until its verdict is here.
   * @param inMemory whether a version is loaded
   */
  async judge(found: readonly Found[], inMemory: (model: ModelRef) => boolean): Promise<void> {
    const sound = found.filter((one) => one.manifest && !this.faultOf(one));
    this.keep(found.filter((one) => this.faultOf(one) || !inMemory(one)));
    const verdicts = sound.length > 0 ? await this.admission.judge(sound.map(judgedOf), this.options.wishes) : [];
    verdicts.forEach((verdict, i) => {
      const one = sound[i]!;
      const refusal = verdict.refusal ?? (inMemory(one) ? changed(this.of(one)?.found, one) : undefined);
      this.#known.set(refOf(one), { found: one, verdict, ensemble: undefined, refusal });
    });
    this.keep(found.filter(({ ensemble }) => ensemble));
    this.#combine();
  }

  /** Takes versions as they lie: nothing is opened. */
  keep(found: readonly Found[]): void {
    for (const one of found) {
      const refusal = this.faultOf(one);
      this.#known.set(refOf(one), { found: one, verdict: undefined, ensemble: undefined, refusal });
    }
  }

  /** It was admitted, and the workers could not load it all the same. */
  refuse(ref: string, refusal: Refusal): void {
    const known = this.#known.get(ref);
    if (known) this.#known.set(ref, { ...known, refusal });
    this.#combine();
  }

  forget(model: ModelRef): void {
    this.#known.delete(refOf(model));
    this.#combine();
  }

  /** @param usedAt when somebody asked a version last, epoch ms, by ref */
  admitted(usedAt: ReadonlyMap<string, number>): readonly Admitted[] {
    return this.all.flatMap((known) => {
      const model = servedOf(known);
      if (!model) return [];
      const { created_at: createdAt } = declarationOf(known.found)!;
      const recency = Math.max(Date.parse(createdAt), usedAt.get(refOf(model)) ?? 0);
      const { name, version, weight, timeframes } = model;
      const parts = isEnsemble(model) ? partsOf(model.ensemble).map(refOf) : [];
      return [{ name, version, weight, trades: timeframes.length > 0, recency, parts, model }];
    });
  }

  /** What keeps a version from being judged at all. */
  faultOf({ refusal, certificate, ensemble, uncertified }: Found): Refusal | undefined {
    if (refusal || certificate || ensemble || this.options.allowUncertified) return refusal;
    const remedy = 'certify it (npm run cli -- models certify), or set ALLOW_UNCERTIFIED=true';
    return { code: 'UNCERTIFIED', message: `${uncertified}: ${remedy}` };
  }

  /** An ensemble may serve as long as every version that it is made of may: seen anew whenever one of these changed. */
  #combine(): void {
    const versions = this.all.map((known) => ({ ...known.found, refusal: ownRefusal(known) }));
    for (const [ref, resolved] of resolveEnsembles(versions)) {
      const outcome = 'code' in resolved ? { refusal: resolved } : { ensemble: resolved };
      this.#known.set(ref, { ...this.#known.get(ref)!, refusal: undefined, ensemble: undefined, ...outcome });
    }
  }
}

/** Without what its members are to blame for. */
function ownRefusal({ found, refusal }: Known): Refusal | undefined {
  return found.ensemble ? found.refusal : refusal;
}

/** @returns as it is handed on, undefined where it may not serve or is not judged yet */
function servedOf({ found, verdict, ensemble, refusal }: Known): Activation | undefined {
  const { manifest, folder } = found;
  const runnable = verdict?.chosen?.runnable;
  if (refusal) return undefined;
  if (ensemble) return ensemble;
  return manifest && runnable && activeModelOf(manifest, join(folder, runnable.file), runnable.variant);
}

/** What is in memory is no longer what lies in its folder. */
function changed(before: Found | undefined, now: Found): Refusal | undefined {
  if (!before?.manifest || before.manifest.sha256 === now.manifest?.sha256) return undefined;
  const remedy = 'a version never changes: import it as another';
  return { code: 'SHA256_MISMATCH', message: `its model file was exchanged while it was loaded, and ${remedy}` };
}

function judgedOf({ name, version, folder, manifest, certificate }: Found): Judged {
  const uncertified = [{ variant: ON_CPU, sha256: manifest!.sha256 }];
  const variants = certificate ? certifiedVariants(certificate) : uncertified;
  const runnables = variants.map(({ variant, sha256 }): Runnable => ({ variant, sha256, file: fileOf(variant) }));
  return { candidate: { ref: refOf({ name, version }), folder, manifest: manifest! }, runnables };
}
