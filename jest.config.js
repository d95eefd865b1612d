/** Tests run on the sources as they are; the database is made once for the run and cloned for each file. */

// Of some tests alone, coverage would say nothing.
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
  // The closing line says it.
  coverageReporters: ['none'],
  reporters: ['default', '<rootDir>/test/support/closing-line.js'],
  maxWorkers: 2,
  // For tests that hang: on a busy machine much is slow that is right.
  testTimeout: 300_000,
};
