/** A reporter of Jest that prints the last lines of a run: coverage, when it is collected, and counts. */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = results;
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    // At exit: other reporters have printed, and the coverage is complete.
    process.once('exit', () => {
      const lines = results.coverageMap?.getCoverageSummary().lines;
      if (lines) console.log(`\nCoverage: ${lines.pct.toFixed(1)} % of lines in src`);
      console.log(`${lines ? '' : '\n'}${numPassedTests} passed, ${failed} failed${skipped}`);
    });
  }
}
