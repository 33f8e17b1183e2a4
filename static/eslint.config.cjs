const js = require('@eslint/js');

module.exports = [
  { ignores: ['**/node_modules/**'] },
  js.configs.recommended,
  {
    files: ['**/*.js', '**/*.mjs'],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // tsc knows which names exist, with their types
      'no-undef': 'off',
      'no-restricted-syntax': ['error', 'ExportDefaultDeclaration'],
      'no-console': 'error',
      'no-var': 'error',
      'no-else-return': 'error',
      'no-param-reassign': 'error',
      'no-shadow': 'error',
      'no-implicit-coercion': 'error',
      'no-unused-private-class-members': 'error',
      'array-callback-return': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-template': 'error',
      complexity: ['error', 15],
      eqeqeq: 'error',
      'max-depth': ['error', 4],
      'max-lines': ['error', 350],
      'max-lines-per-function': ['error', 60],
    },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' }, rules: { 'no-undef': 'off' } },
];
