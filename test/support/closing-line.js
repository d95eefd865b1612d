/** Prints the last lines of a run: the coverage, when all tests ran, and the counts. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = results;
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    // At the very end: after the summary of other reporters, and when the coverage is known.
    process.once('exit', () => {
      const lines = results.coverageMap?.getCoverageSummary().lines;
      if (lines) console.log(`\nCoverage: ${lines.pct.toFixed(1)} % of lines in src`);
      console.log(`${lines ? '' : '\n'}${numPassedTests} passed, ${failed} failed${skipped}`);
    });
  }
}
