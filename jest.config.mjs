// Set by `npm run soak`: how many times as much is done.
const runs = Number(process.env.HOT_TEST_RUNS ?? 1)

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  // Only these take long for their own sake.
  testPathIgnorePatterns: runs > 1 ? [] : ['<rootDir>/__tests__/soak/'],
  // Far more than any test takes on a quiet machine.
  testTimeout: 120_000 * Math.max(1, runs),
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
  // On two processors: tests mostly wait, for leases to end and servers to fail.
  maxWorkers: 4,
  testSequencer: '<rootDir>/__tests__/support/slowest-first.mjs',
  reporters: ['default', '<rootDir>/scripts/closing-line-reporter.mjs']
}
