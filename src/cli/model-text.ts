import { refOf } from '../domain/model.js';
import type { Certificate } from '../model-registry/certification/certificate.js';
import type { ImportedModel } from '../model-registry/importers/model-import.service.js';
import type { Listed } from '../model-registry/lifecycle/registrar.service.js';
import type { ModelEvent } from '../model-registry/lifecycle/model-event.js';
import { declarationOf } from '../model-registry/model-folders.service.js';
import type { Standing } from '../model-registry/lifecycle/standing.js';
import type { Scored } from '../model-registry/scoring/scoring.service.js';
import { combinationText, ensembleLines } from './ensemble-text.js';

export function listJson(found: readonly Listed[]) {
  return found.map(summary);
}

export function showJson(found: Listed, standing: Standing) {
  return {
    ...summary(found),
    manifest: declarationOf(found) ?? null,
    certificate: found.certificate ?? null,
    standing,
  };
}

function summary(found: Listed) {
  const { name, version, state, role, share, refusal, manifest, ensemble, certificate, uncertified } = found;
  const declared = declarationOf(found);
  return {
    ...{ name, version, state, role, share },
    reason: refusal ?? (certificate || ensemble ? null : { code: 'UNCERTIFIED', message: uncertified }),
    kind: declared?.kind ?? null,
    timeframes: declared?.timeframes ?? [],
    features: manifest?.features.length ?? null,
    source: manifest?.source ?? null,
    engines: (certificate?.variants ?? []).map(({ variant, certified, reason, timed }) => ({
      ...{ engine: variant, certified, reason, ms: timed?.ms ?? null, rows: timed?.rows ?? null },
    })),
  };
}

export function listText(found: readonly Listed[]): string {
  if (found.length === 0) return 'no models; import one: npm run cli -- models import <file> --name <name>';
  return found
    .map((one) => {
      const { ensemble, refusal, certificate, uncertified } = one;
      const timeframes = declarationOf(one)?.timeframes.join(',') || 'predictions only';
      const how = ensemble ? combinationText(ensemble.manifest) : certificate ? fastest(certificate) : uncertified;
      const why = refusal ? `${refusal.code}: ${refusal.message}` : how;
      return `${refOf(one).padEnd(28)} ${placeOf(one).padEnd(20)} ${timeframes.padEnd(20)} ${why}`;
    })
    .join('\n');
}

export function importedText({ manifest, certificate }: ImportedModel): string {
  const { source, features, timeframes } = manifest;
  const ref = refOf(manifest);
  const next =
    timeframes.length > 0
      ? `npm run cli -- models activate ${ref}`
      : `npm run cli -- models predict ${ref} --rows rows.csv`;
  return [
    `${ref} is imported from ${source?.file} (${source?.format}), ${features.length} columns`,
    ...(source?.notes ?? []).map((note) => `  note: ${note}`),
    ...certificateLines(certificate),
    `next: ${next}`,
  ].join('\n');
}

export function showText(found: Listed, standing: Standing): string {
  const { manifest, ensemble, certificate, refusal, uncertified } = found;
  const lines = [`${refOf(found)}: ${placeOf(found)}`];
  if (refusal) lines.push(`refused: ${refusal.code} ${refusal.message}`);
  if (manifest) {
    const { framework, kind, features, window, timeframes, source } = manifest;
    lines.push(`${kind} of ${framework.name} ${framework.version}, ${features.length} features, window ${window}`);
    lines.push(`timeframes: ${timeframes.join(', ') || 'none, it answers predictions only'}`);
    if (source) lines.push(`source: ${source.file} (${source.format}), sha256 ${source.sha256.slice(0, 12)}…`);
  }
  if (ensemble) lines.push(...ensembleLines(ensemble.manifest));
  lines.push(...(certificate ? certificateLines(certificate) : [`no certificate: ${uncertified}`]));
  lines.push(standingText(standing));
  return lines.join('\n');
}

function standingText({ choice, before, shadows, canary, pinned }: Standing): string {
  const decided = choice === 'newest' ? 'nobody decided: the newest serves' : (choice ?? 'none');
  return [
    `chosen: ${decided}${pinned ? ', pinned' : ''}`,
    `before it: ${before.join(', ') || 'none'}`,
    `in shadow: ${shadows.join(', ') || 'none'}`,
    `canary: ${canary ? `${canary.version}, ${canary.share * 100} % of the symbols` : 'none'}`,
  ].join('; ');
}

/** `active`, `ready (canary 10 %)` */
function placeOf({ state, role, share }: Listed): string {
  if (role === null || role === 'active') return state;
  return `${state} (${role}${role === 'canary' ? ` ${share * 100} %` : ''})`;
}

/** Oldest first, a line an act. */
export function historyText(events: readonly ModelEvent[]): string {
  if (events.length === 0) return 'nobody did anything to it';
  return events
    .map(({ at, who, action, name, version, share, reason }) => {
      const what = `${action} ${refOf({ name, version })}${share === undefined ? '' : ` ${share * 100} %`}`;
      return `${at} ${what} by ${who}${reason === undefined ? '' : `: ${reason}`}`;
    })
    .join('\n');
}

function certificateLines({ made_at, reference, rows, variants, fp16, machine }: Certificate): string[] {
  const tried = `${rows.golden} golden (${reference.golden}), ${rows.random} random, ${rows.thresholds} threshold rows`;
  const held = reference.all === 'definition' ? 'the trees walked node by node' : 'ONNX Runtime, full precision';
  return [
    `certified ${made_at} on ${machine.cpu}: ${tried}; held against ${held}`,
    ...variants.map(({ variant, certified, reason, checks, timed }) => {
      const worst = checks.flatMap(({ outputs }) => outputs.map(({ largest_difference: size }) => Number(size)));
      const flips = checks.reduce((sum, { label_flips, decision_flips }) => sum + label_flips + decision_flips, 0);
      const figures = `largest difference ${Math.max(...worst).toExponential(1)}, ${flips} flips`;
      const speed = timed ? `, ${timed.ms.toPrecision(3)} ms for ${timed.rows} rows` : '';
      return `  ${variant.padEnd(16)} ${certified ? `certified: ${figures}${speed}` : `not certified: ${reason}`}`;
    }),
    ...(fp16.reason ? [`  no FP16: ${fp16.reason}`] : []),
  ];
}

function fastest({ variants }: Certificate): string {
  const [first] = variants
    .filter(({ certified, variant }) => certified && !variant.endsWith('/fp16'))
    .toSorted((a, b) => (a.timed?.ms ?? Infinity) - (b.timed?.ms ?? Infinity));
  return first
    ? `${first.variant}, ${first.timed?.ms.toPrecision(3)} ms for ${first.timed?.rows} rows`
    : 'not certified';
}

/** Shortest decimals that read back as the same number; what JSON has no word for stands by name. */
export function rowsJson(scored: Scored): string {
  return `{"rows":[${rowsOf(scored)
    .map((row) => `[${row.map((x) => (Number.isFinite(x) ? decimal(x) : `"${x}"`)).join(',')}]`)
    .join(',')}]}`;
}

export function rowsText(scored: Scored): string {
  return rowsOf(scored)
    .map((row) => row.map(decimal).join(','))
    .join('\n');
}

const decimal = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

function rowsOf({ values, columns }: Scored): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) =>
    Array.from(values.subarray(row * columns, (row + 1) * columns)),
  );
}
