import { describe, expect, it } from 'vitest';
import { pageOf, type Result } from './page.js';
import { ratio } from './report.js';

const machine = { cpu: 'A CPU', cores: 2, platform: 'linux-x64', node: 'v20.0.0' };

function result(name: string, given: Partial<Result>): Result {
  const versions = { 'onnxruntime-node': '1.30.0' };
  return { name, machine, versions, method: 'Medians of 3.', table: [], ratios: [], ...given };
}

describe('the benchmarks page', () => {
  it('lists every goal with what was reached, and leaves ratios without one to their section', () => {
    const ratios = [
      ratio('theirs', 'ours', 3.5, '>= 3'),
      ratio('ours', 'a limit', 1.3, '<= 1'),
      ratio('theirs', 'other', 7, null),
    ];
    const page = pageOf(['python'], [result('python', { ratios })]);
    const [goals, section] = page.split('## `python`');
    expect(goals).toContain('## Goals: 1 of 2 met');
    expect(goals).toContain('| `python` | theirs | ours | 3.5 | ≥ 3 | yes |');
    expect(goals).toContain('| `python` | ours | a limit | 1.3 | ≤ 1 | **no** |');
    expect(goals).not.toContain('other');
    expect(section).toContain('| theirs | other | 7 |  |  |');
  });

  it('says on what each was measured, and how', () => {
    const page = pageOf(['nets'], [result('nets', {})]);
    expect(page).toContain('Medians of 3.\n\nA CPU, 2 cores, linux-x64; Node v20.0.0, onnxruntime-node 1.30.0.');
  });

  it('names what was not run and what could not be measured', () => {
    const page = pageOf(['gpu', 'tree'], [result('gpu', { unmeasured: 'this machine has no graphics card' })]);
    expect(page).toContain('**Not measured: this machine has no graphics card.**');
    expect(page).toContain('## `tree`\n\nNot run here.');
    expect(page).not.toContain('## Goals');
  });

  it('has a column for all that any row names, numbers to the right', () => {
    const table = [
      { work: 'a | b', ms: 1.5 },
      { work: 'c', ms: 2, why: 'd' },
    ];
    const lines = pageOf(['x'], [result('x', { table })]).split('\n');
    const from = lines.indexOf('| work | ms | why |');
    expect(lines.slice(from + 1, from + 4)).toEqual(['| --- | --: | --- |', '| a \\| b | 1.5 |  |', '| c | 2 | d |']);
  });

  it('is the same page for the same results', () => {
    const results = [result('a', {}), result('b', {})];
    expect(pageOf(['a', 'b'], results)).toBe(pageOf(['a', 'b'], results.toReversed()));
  });
});
