import { getTableName, is, Table } from 'drizzle-orm'
import { Cache, type MutationOption } from 'drizzle-orm/cache/core'
import type { Redis } from 'iovalkey'

/** Seconds. */
const LIFETIME = 3_600

/** Drizzle's own cache on a server, as its guide describes one for Upstash: JSON, and a set of keys for each table. */
export class ServerCache extends Cache {
  readonly #client: Redis
  readonly #prefix: string

  constructor(client: Redis, prefix: string) {
    super()
    this.#client = client
    this.#prefix = prefix
  }

  override strategy(): 'all' {
    return 'all'
  }

  override async get(key: string): Promise<unknown[] | undefined> {
    const found = await this.#client.get(`${this.#prefix}:${key}`)
    return found === null ? undefined : (JSON.parse(found) as unknown[])
  }

  override async put(key: string, response: unknown, tables: string[]): Promise<void> {
    const name = `${this.#prefix}:${key}`
    await this.#client.set(name, JSON.stringify(response), 'EX', LIFETIME)
    for (const table of tables) await this.#client.sadd(this.#keysOf(table), name)
  }

  override async onMutate({ tables = [] }: MutationOption): Promise<void> {
    for (const table of [tables].flat() as (string | Table)[]) {
      const set = this.#keysOf(is(table, Table) ? getTableName(table) : table)
      const keys = await this.#client.smembers(set)
      if (keys.length > 0) await this.#client.unlink(set, ...keys)
    }
  }

  #keysOf(table: string): string {
    return `${this.#prefix}:keys:${table}`
  }
}
