/** Tests run on the sources without a build; the database is created once for the run and cloned for each file. */

// Coverage is measured only when all tests run.
const isWhole = process.argv.slice(2).every((word) => /^--(ci|colors|silent|verbose|no-color)$/.test(word));

export default {
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.js' },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  setupFiles: ['<rootDir>/examples/localhost-names.ts'],
  setupFilesAfterEnv: ['<rootDir>/test/support/each-file.ts'],
  collectCoverage: isWhole,
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.test.ts'],
  // The closing line of the run prints the coverage (test/support/summary-reporter.js).
  coverageReporters: ['none'],
  reporters: ['default', '<rootDir>/test/support/summary-reporter.js'],
  maxWorkers: 2,
  // Modules of files that are done stay in the memory of a worker, which is replaced when it has more than this.
  workerIdleMemoryLimit: '1GB',
  // Ends tests that hang. It is long, because correct tests are slow on a busy machine.
  testTimeout: 300_000,
};
