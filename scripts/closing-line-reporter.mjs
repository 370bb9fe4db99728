// Prints one last line that a program can read: `Tests: N passed, N failed`, and `, N skipped` if any were.

export default class ClosingLineReporter {
  /**
   * @param {unknown} _contexts
   * @param {Record<'numPassedTests' | 'numFailedTests' | 'numRuntimeErrorTestSuites' | 'numPendingTests' | 'numTodoTests', number>} results
   */
  onRunComplete(_contexts, results) {
    // A test file that could not run at all has no failed tests, but has surely failed.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const skipped = results.numPendingTests + results.numTodoTests
    const line = `Tests: ${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
    // Jest's own summary comes after every other reporter, so the last word is only had at the end.
    process.once('exit', () => process.stdout.write(`${line}\n`))
  }
}
