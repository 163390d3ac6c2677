import type { Table } from 'drizzle-orm'
import { getTableName, is, Table as TableClass } from 'drizzle-orm'
import { Cache, type MutationOption } from 'drizzle-orm/cache/core'

/** Drizzle's own cache over a map, as in its documentation. */
export class NativeCache extends Cache {
  readonly #entries = new Map<string, unknown[]>()
  readonly #keysOf = new Map<string, Set<string>>()
  /** Makes it fail as an unreachable server does. */
  down = false

  override strategy(): 'all' {
    return 'all'
  }

  override async get(key: string): Promise<unknown[] | undefined> {
    if (this.down) throw new Error('connect ECONNREFUSED')
    return this.#entries.get(key)
  }

  override async put(key: string, response: unknown, tables: string[]): Promise<void> {
    this.#entries.set(key, response as unknown[])
    for (const table of tables) this.#keys(table).add(key)
  }

  override async onMutate({ tables = [] }: MutationOption): Promise<void> {
    for (const table of [tables].flat() as (string | Table)[]) {
      const keys = this.#keys(is(table, TableClass) ? getTableName(table) : String(table))
      for (const key of keys) this.#entries.delete(key)
      keys.clear()
    }
  }

  #keys(table: string): Set<string> {
    const keys = this.#keysOf.get(table) ?? new Set()
    this.#keysOf.set(table, keys)
    return keys
  }
}
