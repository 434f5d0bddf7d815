import tseslint from 'typescript-eslint';

/** Entry points may read the process; everything else is told. */
const clockless = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Ask the Clock: a pure file takes the time as an argument.',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Ask the Clock: a pure file takes the time as an argument.',
  },
  { selector: "CallExpression[callee.object.name='performance']", message: 'Ask the Clock for wallNow().' },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'Take a seeded source as an argument.',
  },
];
const told = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Configuration is parsed once (platform/config): take it from Settings.',
};
const forwardRef = {
  selector: "Identifier[name='forwardRef']",
  message: 'Modules are strangers: join them in pipeline.ts.',
};

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      'coverage/',
      '.alphapulse/',
      'bench/results/',
      '**/.venv*/',
      '.dependency-cruiser.cjs',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'off',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/main.ts', 'src/cli.ts', 'src/cli/**', '**/*.spec.ts', 'src/exchange-simulator/main.ts'],
    rules: { 'no-restricted-syntax': ['error', told, forwardRef] },
  },
  {
    // A plain name is pure: no clock, no chance, no environment.
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.*.ts', 'src/main.ts', 'src/cli.ts', 'src/cli/**', 'src/exchange-simulator/main.ts'],
    rules: { 'no-restricted-syntax': ['error', told, forwardRef, ...clockless] },
  },
);
