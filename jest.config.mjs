/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  // Far more than any test takes on a quiet machine.
  testTimeout: 120_000,
  extensionsToTreatAsEsm: ['.ts'],
  // Types are checked by tsc; here they are only taken out (isolatedModules in tsconfig.json).
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true }] },
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'ts', 'json', 'node'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^hot-redis$': '<rootDir>/src/index.ts'
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  globalSetup: '<rootDir>/__tests__/support/global-setup.mjs',
  globalTeardown: '<rootDir>/__tests__/support/global-teardown.mjs',
  setupFiles: ['<rootDir>/__tests__/support/worker-servers.mjs'],
  maxWorkers: 4,
  reporters: ['default', '<rootDir>/scripts/closing-line-reporter.mjs']
}
