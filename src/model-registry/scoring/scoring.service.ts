import { refOf, variantLabel, type Variant } from '../../domain/model.js';
import { engineFor } from '../../engines/variant.engine.js';
import { openModel, specFor } from '../admission/candidate-files.service.js';
import { certifiedVariants } from '../certification/certificate.js';
import { chooseVariant } from '../certification/choice.js';
import { fileOf } from '../certification/model-file.js';
import type { Listed } from '../lifecycle/registrar.service.js';

/** Why rows are not scored. Codes are stable. */
export class ScoringRefused extends Error {
  constructor(
    readonly code: 'NOT_READY' | 'ENGINE_NOT_CERTIFIED' | 'NO_MARGINS',
    message: string,
  ) {
    super(message);
  }
}

export interface Scored {
  readonly engine: string;
  readonly columns: number;
  /** [rows × columns] */
  readonly values: Float64Array;
}

/**
 * Scores rows with one version, in this process: what it runs has been certified in another.
 * @param values [rows × width]
 * @param options.raw margins, before the last transform
 * @throws ScoringRefused, or Refused where its files are not what its manifest says
 */
export async function score(
  model: Listed,
  rows: number,
  values: Float64Array,
  options: { readonly raw: boolean; readonly engine: 'onnx' | 'tree' | undefined },
): Promise<Scored> {
  const { manifest, certificate, folder, refusal, uncertified } = model;
  if (!manifest || !certificate || refusal)
    throw new ScoringRefused('NOT_READY', `${refOf(model)}: ${refusal?.message ?? uncertified}`);
  if (options.raw && !manifest.margins)
    throw new ScoringRefused('NO_MARGINS', `${refOf(model)} has no margins: its last transform is inside its graph`);
  const variant = variantFor(model, options.engine);
  const candidate = { ref: refOf(model), folder, manifest };
  const file = fileOf(variant);
  await openModel(candidate, { variant, file, sha256: manifest.sha256 });
  const engine = engineFor(variant);
  try {
    await engine.load(specFor(candidate, file, variant));
    const columns = options.raw ? manifest.margins!.columns : manifest.output.shape[1];
    const answers = new Float64Array(rows * columns);
    if (rows > 0) await engine.run(rows, values, answers, options.raw ? 'margins' : 'predictions');
    return { engine: variantLabel(variant), columns, values: answers };
  } finally {
    await engine.release();
  }
}

/** On the CPU and in full precision: an answer on the command line does not depend on the machine. */
function variantFor(model: Listed, wanted: 'onnx' | 'tree' | undefined): Variant {
  const certified = certifiedVariants(model.certificate!).map(({ variant }) => variant);
  const precise = certified.filter(
    (one) => one.engine === 'tree' || (one.provider === 'cpu' && one.precision === 'full'),
  );
  const fitting = precise.filter(({ engine }) => !wanted || engine === wanted);
  const timed = fitting.map((variant) => {
    const one = model.certificate!.variants.find((entry) => entry.variant === variantLabel(variant));
    return { variant, rows: one?.timed?.rows ?? 1, ms: one?.timed?.ms ?? Infinity };
  });
  const choice = chooseVariant(timed, { mixed: false, provider: 'cpu' });
  if (choice) return choice.variant;
  const have = precise.map(variantLabel).join(', ') || 'none';
  throw new ScoringRefused(
    'ENGINE_NOT_CERTIFIED',
    `${refOf(model)} is not certified on ${wanted ?? 'any engine'}; it is on: ${have}`,
  );
}
