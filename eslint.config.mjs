import eslint from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/**
 * Imports point one way: nodes -> receiver -> { network, queue, dicom, settings }.
 * Each layer lists the sibling layers it must not reach for. What knows the other product, Integration Soup, serves the editor.
 */
const LAYERS = {
  dicom: ['network', 'queue', 'receiver', 'settings', 'integration-soup'],
  settings: ['network', 'queue', 'receiver', 'dicom', 'integration-soup'],
  network: ['queue', 'dicom', 'receiver', 'integration-soup'],
  queue: ['network', 'dicom', 'receiver', 'integration-soup'],
  receiver: ['integration-soup'],
  'integration-soup': ['network', 'queue', 'receiver', 'dicom'],
};

const importDirection = Object.entries(LAYERS).map(([layer, forbidden]) => ({
  files: [`src/${layer}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...forbidden.map((name) => ({
            regex: `^(\\.\\./)+${name}(/|$)`,
            message: `src/${layer} must not import src/${name}: imports point one way (see CONTRIBUTING).`,
          })),
          { regex: '^(\\.\\./)+nodes(/|$)', message: 'src never imports nodes.' },
        ],
      },
    ],
  },
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
  ...importDirection,
);
