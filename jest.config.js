/** Tests run on the sources as they are; the database is made once for the run and cloned for each file. */
export default {
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }],
  },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  setupFiles: ['<rootDir>/examples/localhost-names.ts'],
  reporters: ['default', '<rootDir>/test/support/closing-line.js'],
  maxWorkers: 2,
  setupFilesAfterEnv: ['<rootDir>/test/support/close-leftovers.ts'],
  // Bounds are for tests that hang: what is slow on a busy machine is no fault.
  testTimeout: 300_000,
};
