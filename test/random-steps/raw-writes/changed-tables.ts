import type { Cache } from '@larder/core'
import { changedTables, type RunSql, tableState } from '@larder/testing'

/** What one raw write changed, by the database, and what the cache said of it. */
export interface RecordedWrite {
  readonly sort: string
  readonly sql: string
  readonly succeeded: boolean
  readonly changed: readonly string[]
  readonly announced: readonly string[]
  /** The parser did not tell its tables. */
  readonly unknown: boolean
}

/** Runs a write and compares the tables whose rows differ afterwards with the tables that write events named. */
export type Recorder = (
  text: { readonly sort: string; readonly sql: string },
  run: () => Promise<boolean>,
) => Promise<boolean>

/** @param recorded what was found, in order. */
export function recordChanges(cache: Cache, run: RunSql, recorded: RecordedWrite[]): Recorder {
  const announced = new Set<string>()
  let unknown = false
  cache.on('write', ({ tables }) => {
    for (const table of tables) announced.add(table)
  })
  cache.on('unknown-write', () => {
    unknown = true
  })
  return async (text, write) => {
    announced.clear()
    unknown = false
    const before = await tableState(run)
    const succeeded = await write()
    const changed = changedTables(before, await tableState(run))
    recorded.push({ ...text, succeeded, changed, announced: [...announced], unknown })
    return succeeded
  }
}

/** Changes that no event named. */
export function unannounced(recorded: readonly RecordedWrite[]): readonly RecordedWrite[] {
  return recorded.filter(({ changed, announced }) => changed.some((table) => !announced.includes(table)))
}
