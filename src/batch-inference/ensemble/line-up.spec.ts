import { describe, expect, it } from 'vitest';
import type { ActiveEnsemble, EnsemblePlan } from '../../domain/ensemble.js';
import { CLASSES, refOf, type ActiveModel, type ModelRef } from '../../domain/model.js';
import type { Role } from '../../domain/role.js';
import type { Timeframe } from '../../domain/timeframe.js';
import { CLASSIFIER } from '../../../test/builders/active-model.js';
import { specOf } from '../../engines/model-spec.js';
import { FEATURE_NAMES } from '../features/feature-table.js';
import type { Served } from '../serving.service.js';
import { lineUp } from './line-up.js';

const ref = (name: string): ModelRef => ({ name, version: '1.0.0' });
const model = (name: string, role: Role, timeframes: readonly Timeframe[], feature = 'rsi_14'): Served => {
  const active: ActiveModel = {
    ...{ ...CLASSIFIER, ...ref(name), role, timeframes, window: 1, file: '/m.onnx', input: 'x', output: 'y' },
    variant: { engine: 'tree' },
    features: [{ name: feature, mean: 0, std: 1, importance: 1 }],
  };
  const column = FEATURE_NAMES.indexOf(feature);
  const columns = Int32Array.from(column < 0 ? [] : [column]);
  return { model: active, key: `${refOf(active)} tree`, spec: specOf(active), columns, gate: undefined };
};
const ensemble = (name: string, role: Role, timeframes: readonly Timeframe[], plan: EnsemblePlan): ActiveEnsemble => ({
  ...ref(name),
  ...{ role, timeframes, weight: 1, share: 0, columns: 3, classes: CLASSES, ensemble: plan },
});
const vote = (...names: string[]): EnsemblePlan => ({
  ...{ method: 'weighted_vote', members: names.map((name) => ({ ...ref(name), weight: 1 })), minMembers: 1 },
});
const stack = (meta: string, ...names: string[]): EnsemblePlan => ({
  ...{
    method: 'stacking',
    members: names.map((name) => ({ ...ref(name), columns: 3 })),
    meta: ref(meta),
    minMembers: 1,
  },
});
const gate = (by: string, ...names: string[]): EnsemblePlan => ({
  ...{ method: 'regime_gate', gate: ref(by), regimes: names },
  members: names.map((name) => ({ ...ref(name), regime: name })),
});
const said = (served: Served[], ensembles: ActiveEnsemble[], timeframe: Timeframe) => {
  const line = lineUp({ served, ensembles }, timeframe);
  const players = line.players.map(({ model: { name }, role }) => `${name} ${role}`);
  const metas = [...line.metas.values()].map(({ model: { name } }) => `${name} meta`);
  return [...players, ...metas, ...line.ensembles.map(({ name }) => name)];
};

describe('who takes part in the runs of a timeframe', () => {
  it.each<[string, Parameters<typeof said>, string[]]>([
    [
      'a version that serves it',
      [[model('a', 'active', ['1m']), model('b', 'active', ['5m'])], [], '1m'],
      ['a active'],
    ],
    [
      'no standby, and no member that nobody asks',
      [[model('a', 'standby', ['1m']), model('b', 'member', [])], [], '1m'],
      [],
    ],
    [
      'the members of an ensemble that serves it, whatever they serve themselves',
      [
        [model('a', 'member', []), model('b', 'standby', ['5m'])],
        [ensemble('e', 'active', ['1m'], vote('a', 'b'))],
        '1m',
      ],
      ['a member', 'b member', 'e'],
    ],
    [
      'nobody for an ensemble that serves another, or stands by',
      [
        [model('a', 'member', [])],
        [ensemble('e', 'active', ['5m'], vote('a')), ensemble('f', 'standby', ['1m'], vote('a'))],
        '1m',
      ],
      [],
    ],
    [
      'once, and in its own role, one that is a member of two and serves by itself too',
      [
        [model('a', 'active', ['1m'])],
        [ensemble('e', 'shadow', ['1m'], vote('a')), ensemble('f', 'canary', ['1m'], vote('a'))],
        '1m',
      ],
      ['a active', 'e', 'f'],
    ],
    [
      'as a member where it serves by itself only in another timeframe',
      [[model('a', 'active', ['5m'])], [ensemble('e', 'active', ['1m'], vote('a'))], '1m'],
      ['a member', 'e'],
    ],
    [
      'a gate; a meta model apart: it reads no series',
      [
        [model('a', 'member', []), model('g', 'member', []), model('m', 'member', [], 'a.long')],
        [ensemble('e', 'active', ['1m'], gate('g', 'a')), ensemble('f', 'active', ['1m'], stack('m', 'a'))],
        '1m',
      ],
      ['a member', 'g member', 'm meta', 'e', 'f'],
    ],
    [
      'an ensemble whose member the engine refused, all the same: its policy decides',
      [[], [ensemble('e', 'active', ['1m'], vote('a'))], '1m'],
      ['e'],
    ],
  ])('%s', (_, [models, ensembles, timeframe], expected) => {
    expect(said(models, ensembles, timeframe)).toEqual(expected);
  });
});
