import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'docs/', 'src/scripts.generated.ts']),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `user.name = …` and `delete user.name` are the library's own syntax.
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-array-delete': 'off',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }
      ],
      // Users of JavaScript pass what the types forbid; the checks for it are not unnecessary.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // `length` is read as a promise and assigned as a number.
      '@typescript-eslint/related-getter-setter-pairs': 'off',
      eqeqeq: 'error',
      'no-console': 'error'
    }
  },
  {
    files: ['scripts/**', 'examples/**', 'benchmarks/**', '__tests__/workers/**'],
    rules: { 'no-console': 'off' }
  },
  {
    files: ['__tests__/**', 'benchmarks/**'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' }
  },
  // JavaScript's types are tsc's business (checkJs); TypeScript knows undefined names better than ESLint.
  { files: ['**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
  { rules: { 'no-undef': 'off' } }
)
