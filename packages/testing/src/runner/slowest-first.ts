import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take so long that a run would wait for them at its end. The slowest comes first. */
export const SLOWEST = [
  'test/processes/killed-writer.test.ts',
  'test/promises/hung-store.test.ts',
  'packages/valkey/test/topology/failover.test.ts',
  'packages/valkey/test/watch/fleet-pause.test.ts',
  'test/outage/stale-if-error.test.ts',
  'packages/valkey/test/contract.test.ts',
  'test/processes/herds.test.ts',
  'examples/leaderboard/test/leaderboard.test.ts',
  'packages/core/test/tier/heap.test.ts',
]

/** Starts the slowest files of each group first. The others keep the usual order, by project and then by size. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files)
    const group = (file: TestSpecification): number => file.project.config.sequence.groupOrder
    return usual.toSorted((a, b) => group(a) - group(b) || rank(a.moduleId) - rank(b.moduleId))
  }
}

function rank(path: string): number {
  const at = SLOWEST.findIndex((each) => path.endsWith(`/${each}`))
  return at < 0 ? SLOWEST.length : at
}
