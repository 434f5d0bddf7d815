import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const ruleSet = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as IFlattenedRuleSet & {
  forbidden: { name: string }[];
};

/** Cruises a small tree that breaks one rule on purpose. @returns names of the rules that fired */
async function violations(files: Record<string, string>): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), 'alphapulse-rules-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const { output } = await cruise(['src'], { ruleSet, validate: true, baseDir: root, tsPreCompilationDeps: true });
    return [...new Set((output as ICruiseResult).summary.violations.map(({ rule }) => rule.name))];
  } finally {
    rmSync(root, { recursive: true });
  }
}

const noun = 'export const noun = 1;';
const PLANTED: Record<string, Record<string, string>> = {
  'pure-stays-pure': {
    'src/trading/risk.ts': "import { readFileSync } from 'node:fs';\nexport const risk = readFileSync;",
  },
  'pure-imports-pure': {
    'src/trading/risk.ts': "import { clock } from './some.clock.js';\nexport const risk = clock;",
    'src/trading/some.clock.ts': 'export const clock = 1;',
  },
  'domain-knows-nobody': {
    'src/domain/order.ts': "import { noun } from '../platform/outlet.js';\nexport const order = noun;",
    'src/platform/outlet.ts': noun,
  },
  'platform-knows-only-domain': {
    'src/platform/outlet.ts': "import { noun } from '../trading/risk.js';\nexport const outlet = noun;",
    'src/trading/risk.ts': noun,
  },
  'engines-know-only-domain-and-platform': {
    'src/engines/tree.ts': "import { noun } from '../model-registry/manifest.js';\nexport const tree = noun;",
    'src/model-registry/manifest.ts': noun,
  },
  'stages-are-strangers': {
    'src/trading/risk.ts': "import { noun } from '../strategy/vote.js';\nexport const risk = noun;",
    'src/strategy/vote.ts': noun,
  },
  'observers-stay-outside': {
    'src/feed/envelope.ts': "import { noun } from '../monitoring/page.js';\nexport const envelope = noun;",
    'src/monitoring/page.ts': noun,
  },
  'simulator-stands-alone': {
    'src/exchange-simulator/market.ts': "import { noun } from '../market-data/series.js';\nexport const market = noun;",
    'src/market-data/series.ts': noun,
  },
  'nobody-imports-the-simulator': {
    'src/market-data/series.ts': "import { noun } from '../exchange-simulator/market.js';\nexport const series = noun;",
    'src/exchange-simulator/market.ts': noun,
  },
  'no-cycles': {
    'src/domain/a.ts': "import { b } from './b.js';\nexport const a = (): number => b();",
    'src/domain/b.ts': "import { a } from './a.js';\nexport const b = (): number => a();",
  },
  'no-tests-in-production': {
    'src/domain/a.ts': "import { built } from '../../test/builders/built.js';\nexport const a = built;",
    'test/builders/built.ts': 'export const built = 1;',
  },
  'names-from-the-closed-list': {
    'src/trading/order.thing.ts': "import { noun } from '../domain/order.js';\nexport const thing = noun;",
    'src/domain/order.ts': noun,
  },
  'no-drawers': {
    'src/trading/utils/money.ts': "import { noun } from '../../domain/order.js';\nexport const money = noun;",
    'src/domain/order.ts': noun,
  },
};

describe('import rules fire on a planted violation', () => {
  it('covers every rule', () => {
    expect(Object.keys(PLANTED).sort()).toEqual(ruleSet.forbidden.map(({ name }) => name).sort());
  });
  it.each(Object.entries(PLANTED))('%s', async (name, files) => {
    expect(await violations(files)).toContain(name);
  });
  it('stays silent on a lawful tree', async () => {
    expect(
      await violations({
        'src/domain/order.ts': noun,
        'src/trading/risk.ts': "import { noun } from '../domain/order.js';\nexport const risk = noun;",
        'src/trading/trading.service.ts': "import { risk } from './risk.js';\nexport const service = risk;",
      }),
    ).toEqual([]);
  });
});

describe('eslint keeps clock, chance and environment out of pure files', () => {
  const eslint = new ESLint();
  const messages = async (path: string, text: string) => {
    const [result] = await eslint.lintText(text, { filePath: path });
    return result!.messages.map(({ ruleId }) => ruleId);
  };
  it.each([
    ['Date.now()', 'export const t = Date.now();'],
    ['new Date()', 'export const t = new Date();'],
    ['performance.now()', 'export const t = performance.now();'],
    ['Math.random()', 'export const t = Math.random();'],
    ['process.env', "export const t = process.env['HOME'];"],
  ])('%s in src/trading/risk.ts', async (_name, text) => {
    expect(await messages('src/trading/risk.ts', text)).toContain('no-restricted-syntax');
  });
  it('process.env in a shell file', async () => {
    expect(await messages('src/trading/order.repository.ts', "export const t = process.env['HOME'];")).toContain(
      'no-restricted-syntax',
    );
  });
  it('lets a shell file ask for the time', async () => {
    expect(await messages('src/platform/exchange.clock.ts', 'export const t = performance.now();')).toEqual([]);
  });
});
