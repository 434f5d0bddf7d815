/**
 * The law of the house: where each file may look. Every rule's message says what to do instead. `test/house/rules.spec.ts`
 * plants a violation of each and sees it fire.
 */
const stages = ['market-data', 'model-registry', 'batch-inference', 'strategy', 'trading'];
const stage = `(${stages.join('|')})`;

/** A plain name is pure; a dotted one (`order.repository.ts`) is shell, and so are the entry points. */
const pure = {
  path: '^src/[^.]+/[^/.]+\\.ts$',
  pathNot: ['^src/cli/', '^src/exchange-simulator/main\\.ts$'],
};
const shellFile = '^src/[^.]+\\.[a-z-]+\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'pure-stays-pure',
      comment: 'A plain file name is pure: pass the value in, or rename the file with the stereotype that it is.',
      severity: 'error',
      from: pure,
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'core'],
        pathNot: ['^(node:)?(crypto|path)$', 'node_modules/(zod|protobufjs)/', '^(zod|protobufjs)$'],
      },
    },
    {
      name: 'pure-imports-pure',
      comment: 'A pure file may not reach the world through a shell file: take the value as an argument.',
      severity: 'error',
      from: pure,
      to: { path: shellFile, pathNot: '\\.(port|dto|row)\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'domain-knows-nobody',
      comment: 'domain holds the nouns: what it needs from elsewhere is a noun that belongs into domain.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { path: '^src/', pathNot: '^src/domain/' },
    },
    {
      name: 'platform-knows-only-domain',
      comment: 'platform serves every module and knows none: let the module pass itself in.',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/', pathNot: '^src/(platform|domain)/' },
    },
    {
      name: 'engines-know-only-domain-and-platform',
      comment: 'An engine runs a loaded model for whoever asks: it knows neither who certifies it nor who serves it.',
      severity: 'error',
      from: { path: '^src/engines/' },
      to: { path: '^src/', pathNot: '^src/(engines|platform|domain)/' },
    },
    {
      name: 'stages-are-strangers',
      comment:
        'The five modules never import one another: give the message the field it lacks and join them in pipeline.ts.',
      severity: 'error',
      from: { path: `^src/${stage}/` },
      to: { path: '^src/', pathNot: ['^src/(domain|platform|engines)/', '^src/$1/'] },
    },
    {
      name: 'observers-stay-outside',
      comment: 'feed and monitoring watch the path; they do not know each other, nor the page that joins it.',
      severity: 'error',
      from: { path: '^src/(feed|monitoring)/' },
      to: { path: '^src/', pathNot: [`^src/(domain|platform|${stages.join('|')})/`, '^src/$1/'] },
    },
    {
      name: 'simulator-stands-alone',
      comment: 'The exchange simulator is another process: it may share nouns, nothing else.',
      severity: 'error',
      from: { path: '^src/exchange-simulator/' },
      to: { path: '^src/', pathNot: '^src/(domain|exchange-simulator)/' },
    },
    {
      name: 'nobody-imports-the-simulator',
      comment: 'The application speaks to it over sockets only.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/exchange-simulator/' },
      to: { path: '^src/exchange-simulator/' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other hide a third: name it.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-tests-in-production',
      comment: 'Builders and specs serve tests only.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^test/|\\.spec\\.ts$' },
    },
    {
      name: 'names-from-the-closed-list',
      comment:
        'Stereotypes: module service controller gateway job repository row dto port feed engine worker venue clock filter guard metrics log data-source (and spec).',
      severity: 'error',
      from: {
        path: shellFile,
        pathNot:
          '\\.(module|service|controller|gateway|job|repository|row|dto|port|feed|engine|worker|venue|clock|filter|guard|metrics|log|data-source|spec)\\.ts$',
      },
      to: {},
    },
    {
      name: 'no-drawers',
      comment: 'Name the folder or file for the concept in it.',
      severity: 'error',
      from: {
        path: '^src/.*(/(utils|common|helpers|interfaces|dto)/|/index\\.ts$|[Mm]anager|[Hh]elper|[Bb]ase[A-Z]|Impl\\b)',
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
