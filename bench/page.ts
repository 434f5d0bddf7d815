import type { BenchReport, Ratio } from './report.js';

/** bench/results/<name>.json: a report, and what it was measured on. */
export interface Result extends BenchReport {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly platform: string; readonly node: string };
  readonly versions: Readonly<Record<string, string>>;
}

type Cell = string | number;

/**
 * @param names every benchmark there is
 * @param results of those that were run
 * @returns docs/benchmarks.md: every goal with what was reached, then each benchmark whole; the same results, the same page
 */
export function pageOf(names: readonly string[], results: readonly Result[]): string {
  const found = names.map((name) => ({ name, result: results.find((one) => one.name === name) }));
  const goals = found.flatMap(({ name, result }) =>
    (result?.ratios ?? [])
      .filter(({ goal }) => goal !== null)
      .map((one) => ({ bench: `\`${name}\``, ...cellsOf(one) })),
  );
  const met = goals.filter((one) => one.met === 'yes').length;
  return [
    '# Benchmarks',
    'Written by `npm run bench -- --docs` from what `npm run bench` measured last; whatever is changed by hand is lost. The ' +
      'two sides of a ratio are measured in the same run, in turn.',
    ...(goals.length > 0 ? [`## Goals: ${met} of ${goals.length} met`, tableOf(goals)] : []),
    ...found.flatMap(({ name, result }) => [`## \`${name}\``, ...(result ? sectionOf(result) : ['Not run here.'])]),
    '',
  ].join('\n\n');
}

function sectionOf({ machine, versions, method, table, ratios, unmeasured }: Result): string[] {
  const { cpu, cores, platform, node } = machine;
  const tools = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    method,
    `${cpu}, ${cores} cores, ${platform}; ${[`Node ${node}`, ...tools].join(', ')}.`,
    ...(unmeasured ? [`**Not measured: ${unmeasured}.**`] : []),
    ...(ratios.length > 0 ? [tableOf(ratios.map(cellsOf))] : []),
    ...(table.length > 0 ? [tableOf(table)] : []),
  ];
}

function cellsOf({
  work,
  against,
  ratio,
  goal,
  met,
}: Ratio): Record<'work' | 'against' | 'ratio' | 'goal' | 'met', Cell> {
  return { work, against, ratio, goal: goal ?? '', met: met === null ? '' : met ? 'yes' : '**no**' };
}

/** Columns in the order in which rows name them first; a row without one leaves it empty. */
function tableOf(rows: readonly Readonly<Record<string, Cell>>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells: readonly Cell[]) => `| ${cells.map(escaped).join(' | ')} |`;
  const numeric = (column: string) => rows.every((row) => typeof (row[column] ?? 0) === 'number');
  return [
    line(columns),
    `| ${columns.map((column) => (numeric(column) ? '--:' : '---')).join(' | ')} |`,
    ...rows.map((row) => line(columns.map((column) => row[column] ?? ''))),
  ].join('\n');
}

function escaped(cell: Cell): string {
  return String(cell).replaceAll('|', '\\|').replaceAll('<=', '≤').replaceAll('>=', '≥');
}
