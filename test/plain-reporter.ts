import type { TestCase, TestModule, TestRunEndReason } from "vitest/node";
import type { Reporter } from "vitest/reporters";

/**
 * Ends a run with the tests that were skipped, each with its reason, those that passed only when tried again, each
 * with its first error, and one plain line that people and programs read: `412 passed, 0 failed, 3 skipped`.
 */
export class PlainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const skipped = tests.filter((test) => test.result().state === "skipped");
    // A module that fails to load, and an error outside any test, are failures too.
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const failed = count("failed") + broken + (reason === "interrupted" ? 1 : 0);
    for (const test of skipped) console.log(`skipped: ${titleOf(test)}`);
    for (const test of tests.filter((each) => each.diagnostic()?.flaky)) {
      console.log(`flaky: ${titleOf(test)}: ${test.result().errors?.[0]?.message.split("\n", 1)[0]}`);
    }
    const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
    console.log(`${count("passed")} passed, ${failed} failed${tail}`);
  }
}

function titleOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === "skipped" && result.note ? ` (${result.note})` : "";
  return `${test.module.relativeModuleId} > ${test.fullName}${note}`;
}
