import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FEATURE_NAMES } from '../../src/batch-inference/features/feature-table.js';
import type { ActiveEnsemble, EnsemblePlan } from '../../src/domain/ensemble.js';
import { CLASSES, type ActiveModel } from '../../src/domain/model.js';
import { int, node } from '../../src/engines/onnx/onnx-node.js';
import { encodeModel } from '../../src/engines/onnx/onnx-proto.js';
import { tensorOf } from '../../src/engines/onnx/onnx-tensor.js';
import { CLASSIFIER } from './active-model.js';
import { writeNet } from './onnx-model.js';
import { modelOf, weight } from './small-nets.js';

const FEATURES = 12;
export const REGIMES = ['bull', 'bear', 'sideways', 'volatile'];

export const folder = mkdtempSync(join(tmpdir(), 'ensemble-'));

const ref = (name: string) => ({ name, version: '1.0.0' });
const model = (name: string, extra: Partial<ActiveModel> = {}): ActiveModel => ({
  ...{ ...ref(name), file: join(folder, `${name}.onnx`), timeframes: [], window: 1, ...CLASSIFIER, role: 'member' },
  ...{ input: 'x', output: 'probabilities', variant: { engine: 'onnx', provider: 'cpu', precision: 'full' } },
  features: FEATURE_NAMES.slice(0, FEATURES).map((one) => ({ name: one, mean: 0, std: 1, importance: 1 / FEATURES })),
  ...extra,
});
export const ensemble = (plan: EnsemblePlan, extra: Partial<ActiveEnsemble> = {}): ActiveEnsemble => ({
  ...{ ...ref('blend'), timeframes: ['1m'], weight: 1, role: 'active', share: 0, columns: 3, classes: CLASSES },
  ...{ ensemble: plan, ...extra },
});
/** @param weights of the members */
export const vote = (minMembers: number, ...weights: [string, number][]): EnsemblePlan => ({
  ...{ method: 'weighted_vote', members: weights.map(([name, one]) => ({ ...ref(name), weight: one })), minMembers },
});
/** @param members with their columns */
export const stack = (minMembers: number, ...members: [string, number][]): EnsemblePlan => ({
  ...{ method: 'stacking', members: members.map(([name, columns]) => ({ ...ref(name), columns })) },
  ...{ meta: ref('meta'), minMembers },
});
export const GATE: EnsemblePlan = {
  ...{ method: 'regime_gate', gate: ref('regime'), regimes: REGIMES },
  members: [
    { ...ref('row'), regime: 'bull' },
    { ...ref('brittle'), regime: 'bear' },
    { ...ref('sequence'), regime: 'sideways' },
  ],
};

export const ROW = model('row');
export const SEQUENCE = model('sequence', { window: 16 });
/** Answers NaN where the return over three candles is below −0.8 %: for C and E. */
const BRITTLE = model('brittle');
export const GONE = model('gone');
/** By the largest of the returns over 1, 2, 3 and 5 candles: bull for B and C, bear for E, sideways for D, volatile for A. */
export const REGIME = model('regime', { columns: REGIMES.length, classes: REGIMES });
/** Reads 3 + 4 columns, none of them a feature; takes missing values. */
export const META = model('meta', {
  features: Array.from({ length: 3 + REGIMES.length }, (_, i) => ({ name: `m.${i}`, mean: 0, std: 0, importance: 0 })),
});
export const ALL = [ROW, SEQUENCE, BRITTLE, REGIME, META];

/** Before any of them is loaded: their files, into `folder`, which the caller removes. */
export function writeNets(): void {
  writeNet(ROW.file, { features: FEATURES, hidden: 16, layers: 1 });
  writeNet(SEQUENCE.file, { features: FEATURES, window: 16, hidden: 16, layers: 1, seed: 9 });
  const linear = (from: string, seed: string, to: string) => [
    node('MatMul', [from, seed], [`${to}_scores`]),
    node('Softmax', [`${to}_scores`], [to], { axis: int(1) }),
  ];
  const brittle = modelOf({
    nodes: [
      ...linear('x', 'w', 'sure'),
      node('MatMul', ['x', 'third'], ['return']),
      node('Add', ['return', 'above'], ['side']),
      node('Sqrt', ['side'], ['root']),
      node('Sub', ['root', 'root'], ['zero_or_nan']),
      node('Add', ['sure', 'zero_or_nan'], ['probabilities']),
    ],
    weights: [
      ...[weight('w', [FEATURES, 3], 5), oneEach('third', 1, [2])],
      tensorOf('above', [1], Float32Array.of(0.008)),
    ],
    ...{ inputs: { x: ['rows', FEATURES] }, outputs: { probabilities: ['rows', 3] } },
  });
  const regime = modelOf({
    nodes: linear('x', 'w', 'probabilities'),
    weights: [oneEach('w', 1_000, [0, 1, 2, 3])],
    ...{ inputs: { x: ['rows', FEATURES] }, outputs: { probabilities: ['rows', REGIMES.length] } },
  });
  const width = META.features.length;
  const meta = modelOf({
    nodes: [
      node('IsNaN', ['x'], ['missing']),
      node('Where', ['missing', 'stand_in', 'x'], ['whole']),
      ...linear('whole', 'w', 'probabilities'),
    ],
    weights: [weight('w', [width, 3], 8), tensorOf('stand_in', [1], Float32Array.of(0.5))],
    ...{ inputs: { x: ['rows', width] }, outputs: { probabilities: ['rows', 3] } },
  });
  for (const [file, net] of [
    [BRITTLE.file, brittle],
    [REGIME.file, regime],
    [META.file, meta],
  ] as const)
    writeFileSync(file, encodeModel(net));
}

/** [features × columns] Column i looks at one feature. */
function oneEach(name: string, scale: number, features: readonly number[]) {
  const values = new Float32Array(FEATURES * features.length);
  features.forEach((feature, column) => (values[feature * features.length + column] = scale));
  return tensorOf(name, [FEATURES, features.length], values);
}
