import eslint from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/**
 * Imports point one way: a room imports from those to its left only, and from none of those that share its place. So do
 * the rooms within a room.
 */
const ORDER = {
  src: [
    'basics',
    'settings',
    'admin-api',
    'dicom',
    'queue',
    'object',
    'journal',
    'message',
    'network',
    'worker',
    ['transcode', 'query'],
    'delivery',
    'receiver',
    'retrieve',
    ['sender', 'edit', 'sample', 'study', 'watch', 'integration-soup'],
    'image',
  ],
  'src/dicom': [
    'text',
    'standard',
    'read',
    'data-set',
    'write',
    'change',
    'deidentify',
    'report',
    'json',
    'build',
  ],
  'src/network': ['upper-layer', 'dimse', ['scp', 'scu']],
  'src/queue': ['files', ['log', 'memory', 'folder', 'postgres']],
  'src/queue/postgres': ['database', 'schema', 'session', 'rows', 'directory', 'copies', 'claims', 'link'],
  'src/receiver': ['steps'],
};
const DOORS = ['lock', 'output', ...Object.values(ORDER).flat(2)];

const noDoorPassedBy = {
  regex: `(^|/)(${DOORS.join('|')})/`,
  message: 'A room is entered through its index.ts.',
};

const importDirection = Object.entries(ORDER).flatMap(([house, order]) =>
  order.flatMap((place, at) =>
    [place].flat().map((room) => {
      const others = [...[place].flat().filter((each) => each !== room), ...order.slice(at + 1).flat()];
      return {
        files: [`${house}/${room}/**/*.ts`],
        patterns: others.map((name) => ({
          regex: `^(\\.\\./)+${name}$`,
          message: `${house}/${room} must not import ${house}/${name}: imports point one way (see CONTRIBUTING).`,
        })),
      };
    }),
  ),
);

/** A node type's folder stands by itself. */
const noOtherNode = {
  regex: '^(\\.\\./){1,2}dicom(-[a-z]+)?(/|$)',
  message: 'What node types share is in nodes/editor or nodes/runtime; they do not import each other.',
};

/** Of several configurations of a rule the last counts: each file gets all patterns that concern it at once. */
const importRules = [
  { files: ['src/**/*.ts', 'bench/**/!(parts).ts'], patterns: [noDoorPassedBy] },
  { files: ['nodes/**/*.ts'], patterns: [noDoorPassedBy, noOtherNode] },
  ...importDirection.map(({ files }) => ({
    files,
    patterns: [
      noDoorPassedBy,
      { regex: '^(\\.\\./)+nodes(/|$)', message: 'src never imports nodes.' },
      ...importDirection
        .filter((outer) => files[0].startsWith(outer.files[0].replace('**/*.ts', '')))
        .flatMap((outer) => outer.patterns),
    ],
  })),
].map(({ files, patterns }) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
}));

export default tseslint.config(
  { ignores: ['dist/', '.node-red/', '.test-artefacts/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './test/tsconfig.json', './nodes/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    // node:test's describe/it return promises that the runner itself awaits.
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
          ],
        },
      ],
    },
  },
  ...importRules,
);
