import fc from 'fast-check';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { guardModel } from '../../src/engines/onnx/onnx-guard.js';
import { readTreeModel } from '../../src/engines/onnx/read-tree-model.js';
import { faultOf } from '../../src/engines/trees/ensemble-faults.js';
import { convertSource } from '../../src/model-registry/importers/convert-source.js';
import { IMPORT_CODES, ImportRefused } from '../../src/model-registry/importers/import-refused.js';
import { manifestSchema } from '../../src/model-registry/manifest.js';
import { REFUSALS } from '../../src/model-registry/refusal-codes.js';
import { freshRegistrar } from '../builders/registrar.js';
import { golden } from '../golden/lightgbm/golden.js';
import { goldenModel } from '../golden/xgboost/golden.js';

const LIGHTGBM = ['categorical', 'multiclassova', 'forest', 'missing-zero', 'pandas-categories'];
const XGBOOST = ['categories', 'dart-softprob', 'vector-leaves', 'layout-1.7.6-dart'];
const NETS = ['logreg', 'tcn'].map((name) => `models/${name}/1.0.0/model.onnx`);
const EXPORTS = readdirSync('test/golden/export').map((name) => `test/golden/export/${name}/model.onnx`);

const FORMATS: Readonly<Record<string, readonly Uint8Array[]>> = {
  lightgbm: LIGHTGBM.map((name) => Buffer.from(golden(name).model)),
  json: XGBOOST.map((name) => goldenModel(name, 'json')!),
  ubj: XGBOOST.map((name) => goldenModel(name, 'ubj')!),
  onnx: [...NETS, ...EXPORTS].map((file) => readFileSync(file)),
  // Our own tree files, which are read back into trees.
  trees: LIGHTGBM.map((name) => convert(Buffer.from(golden(name).model)).bytes),
};
const EVERY = Object.values(FORMATS).flat();

/** A mutation takes a file apart and puts it together wrongly; places are shares of its length. */
type Mutation = (bytes: Buffer) => Buffer;

const place = fc.noBias(fc.nat(2 ** 24 - 1)).map((n) => n / 2 ** 24);
const size = fc.integer({ min: 1, max: 400 });
const at = (share: number, { length }: { length: number }) => Math.floor(share * length);

const flippedByte = fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([share, mask]): Mutation => {
  return (bytes) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) changed[at(share, bytes)]! ^= mask;
    return changed;
  };
});
const cut = place.map(
  (share): Mutation =>
    (bytes) =>
      bytes.subarray(0, at(share, bytes)),
);
const hole = fc.tuple(place, size).map(([share, length]): Mutation => {
  return (bytes) => Buffer.concat([bytes.subarray(0, at(share, bytes)), bytes.subarray(at(share, bytes) + length)]);
});
const graft = fc.tuple(fc.constantFrom(...EVERY), place, place, size).map(([other, from, to, length]): Mutation => {
  return (bytes) => {
    const chunk = other.subarray(at(from, other), at(from, other) + length);
    return Buffer.concat([bytes.subarray(0, at(to, bytes)), chunk, bytes.subarray(at(to, bytes))]);
  };
});
/** A count, an index, a float or a length of four bytes, either way round; of protobuf, a long varint. */
const hugeWord = fc
  .tuple(place, fc.constantFrom('7fffffff', 'ffffffff', '00000080', '0000c07f', 'ffffff7f', 'feffff0f', '01000000'))
  .map(([share, word]): Mutation => {
    return (bytes) => {
      const changed = Buffer.from(bytes);
      changed.write(word, Math.min(at(share, bytes), Math.max(0, bytes.length - 4)), 'hex');
      return changed;
    };
  });
const HUGE = ['2000000000', '-2000000000', '99999999999999999999', '1e308', '-1', '0', '', 'nan', 'Infinity', '1e-400'];
const otherNumber = fc.tuple(place, fc.constantFrom(...HUGE)).map(([share, number]): Mutation => {
  return (bytes) => {
    const text = bytes.toString('latin1');
    const numbers = [...text.matchAll(/-?\d[\d.Ee+-]*/g)];
    if (numbers.length === 0) return bytes;
    const { index, 0: found } = numbers[at(share, numbers)]!;
    return Buffer.from(text.slice(0, index) + number + text.slice(index + found.length), 'latin1');
  };
});
/** Those that keep a file's length keep most of its structure, and reach further. */
const mutation = fc.oneof(
  ...[cut, hole, graft].map((arbitrary) => ({ weight: 1, arbitrary })),
  ...[flippedByte, hugeWord, otherNumber].map((arbitrary) => ({ weight: 4, arbitrary })),
);

const damaged = fc.record({
  format: fc.constantFrom(...Object.keys(FORMATS)),
  which: place,
  mutations: fc.array(mutation, { minLength: 1, maxLength: 3 }),
});
type Damaged = Parameters<Parameters<typeof damaged.map>[0]>[0];

function fileOf({ format, which, mutations }: Damaged): Buffer {
  const whole = FORMATS[format]!;
  return mutations.reduce<Buffer>((damage, mutate) => mutate(damage), Buffer.from(whole[at(which, whole)]!));
}

function convert(bytes: Uint8Array) {
  return convertSource(bytes, 'model', { trees: 'best', version: '0' });
}

/** @returns a code, or `sound`: what it became may be opened, and is what is said of it @throws what nobody has foreseen */
function outcomeOf(bytes: Uint8Array): string {
  try {
    const { bytes: file, described } = convert(bytes);
    const guarded = guardModel(file);
    if ('code' in guarded) throw new Error(`the guard refuses what was converted: ${guarded.message}`);
    expect(manifestSchema.shape.source.safeParse(described.source).error).toBeUndefined();
    expect(Math.min(described.features.length, described.output.columns)).toBeGreaterThan(0);
    if (!described.margins) return 'sound';
    const read = readTreeModel(guarded.model);
    if ('reason' in read) throw new Error(`our own trees cannot be read back: ${read.reason}`);
    expect(faultOf(read.model.ensemble)).toBeUndefined();
    return 'sound';
  } catch (error) {
    if (!(error instanceof ImportRefused)) throw error;
    expect(IMPORT_CODES).toContain(error.code);
    expect(error.message.length).toBeLessThan(600);
    return error.code;
  }
}

/** Of this process, in ms; the machine may be busy with other things. */
const cpuTime = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

describe('6,000 damaged files of every format', () => {
  it('each is refused by a code or is a sound model after all, soon, and without taking memory', () => {
    const outcomes = new Map<string, number>();
    const before = process.memoryUsage.rss();
    let [slowest, most] = [0, 0];
    fc.assert(
      fc.property(damaged, (file) => {
        const bytes = fileOf(file);
        const began = process.cpuUsage();
        const outcome = `${file.format} ${outcomeOf(bytes)}`;
        slowest = Math.max(slowest, cpuTime(began));
        most = Math.max(most, process.memoryUsage.rss() - before);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 6_000, seed: 20_26 },
    );
    expect(slowest).toBeLessThan(2_000);
    expect(most).toBeLessThan(400 * 2 ** 20);
    // They reach behind the first check, and not all of them are harmless.
    for (const format of Object.keys(FORMATS)) {
      const count = (outcome: string) => outcomes.get(`${format} ${outcome}`) ?? 0;
      expect(count('sound'), format).toBeGreaterThan(50);
      expect(count('SOURCE_INVALID') + count('FORMAT_UNKNOWN'), format).toBeGreaterThan(300);
    }
  });
});

describe('damaged files that may be opened', () => {
  const folder = mkdtempSync(join(tmpdir(), 'alphapulse-mutated-'));
  const { registrar, modelsDir, remove } = freshRegistrar();
  afterAll(() => {
    remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const nets = fc.sample(damaged, { numRuns: 2_000, seed: 7 }).filter(({ format }) => format === 'onnx');
  const opened = nets.map(fileOf).filter((bytes) => outcomeOf(bytes) === 'sound');

  it('are registered with a certificate, or refused by a code and gone', async () => {
    const source = join(folder, 'model.onnx');
    const outcomes: string[] = [];
    for (const [i, bytes] of opened.slice(0, 24).entries()) {
      writeFileSync(source, bytes);
      const request = { name: `net-${i}`, timeframes: [], features: undefined, golden: undefined } as const;
      const taken = await registrar.import({ ...request, source, trees: 'best' });
      if ('code' in taken) expect(REFUSALS).toContain(taken.code);
      outcomes.push('code' in taken ? taken.code : `net-${i}`);
    }
    expect(readdirSync(modelsDir).sort()).toEqual(outcomes.filter((one) => one.startsWith('net')).sort());
  });
});
