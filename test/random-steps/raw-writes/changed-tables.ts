import type { Cache } from '@larder/core'
import { changedTables, type RunSql, tableState } from '@larder/testing'

/** What one raw write changed, by the database, and what the cache said of it. */
export interface Judged {
  readonly sort: string
  readonly sql: string
  readonly succeeded: boolean
  readonly changed: readonly string[]
  readonly told: readonly string[]
  /** The parser did not tell its tables. */
  readonly unknown: boolean
}

/** Runs a write and compares the tables whose rows differ afterwards with the tables that write events named. */
export type Judge = (
  text: { readonly sort: string; readonly sql: string },
  run: () => Promise<boolean>,
) => Promise<boolean>

/** @param judged what was found, in order. */
export function createJudge(cache: Cache, run: RunSql, judged: Judged[]): Judge {
  const told = new Set<string>()
  let unknown = false
  cache.on('write', ({ tables }) => {
    for (const table of tables) told.add(table)
  })
  cache.on('unknown-write', () => {
    unknown = true
  })
  return async (text, write) => {
    told.clear()
    unknown = false
    const before = await tableState(run)
    const succeeded = await write()
    const changed = changedTables(before, await tableState(run))
    judged.push({ ...text, succeeded, changed, told: [...told], unknown })
    return succeeded
  }
}

/** Changes that no event named. */
export function untold(judged: readonly Judged[]): readonly Judged[] {
  return judged.filter(({ changed, told }) => changed.some((table) => !told.includes(table)))
}
