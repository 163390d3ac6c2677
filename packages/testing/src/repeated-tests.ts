import type { Reporter, TestCase, TestModule } from 'vitest/node'

/** At the end of a run, lists the tests that `repeatWhenBusy` repeated: each may hide a rare fault. */
// biome-ignore lint/style/noDefaultExport: Vitest loads a reporter by its default export.
export default class RepeatedTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const repeated = modules.flatMap(({ children }) => [...children.allTests()].filter(isRepeated))
    if (repeated.length === 0) return
    const lines = repeated.map((test) => `  ${test.module.relativeModuleId} > ${test.fullName}\n`)
    process.stdout.write(`\nRepeated, because the machine was busy: ${repeated.length}\n${lines.join('')}`)
  }
}

function isRepeated(test: TestCase): boolean {
  return (test.diagnostic()?.retryCount ?? 0) > 0
}
