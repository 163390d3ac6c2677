import { getTableName, is, Table } from 'drizzle-orm'
import { Cache, type MutationOption } from 'drizzle-orm/cache/core'
import type { CacheConfig } from 'drizzle-orm/cache/core/types'
import type { Redis } from 'iovalkey'

/** A `Cache` of Drizzle on a Valkey server, with the rules of `upstashCache`: one entry per tag, a set of keys per table. */
export class ValkeyCache extends Cache {
  readonly #redis: Redis
  readonly #prefix: string

  constructor(redis: Redis, prefix: string) {
    super()
    this.#redis = redis
    this.#prefix = prefix
  }

  /** `upstashCache({ global: true })`. */
  override strategy(): 'all' {
    return 'all'
  }

  override async get(key: string): Promise<unknown[] | undefined> {
    const text = await this.#redis.get(this.#entry(key))
    return text === null ? undefined : JSON.parse(text)
  }

  override async put(
    key: string,
    response: unknown,
    tables: string[],
    _isTag: boolean,
    config?: CacheConfig,
  ): Promise<void> {
    const lifetime = config?.px ?? (config?.ex ?? 60) * 1_000
    const pipeline = this.#redis.multi().set(this.#entry(key), JSON.stringify(response), 'PX', lifetime)
    for (const table of tables) pipeline.sadd(this.#table(table), this.#entry(key))
    await pipeline.exec()
  }

  override async onMutate({ tags = [], tables = [] }: MutationOption): Promise<void> {
    const sets = [tables]
      .flat()
      .map((table) => this.#table(is(table, Table) ? getTableName(table) : String(table)))
    const entries = sets.length ? await this.#redis.sunion(...sets) : []
    const keys = [...sets, ...entries, ...[tags].flat().map((tag) => this.#entry(tag))]
    if (keys.length) await this.#redis.unlink(...keys)
  }

  #entry(key: string): string {
    return `${this.#prefix}:entry:${key}`
  }

  #table(name: string): string {
    return `${this.#prefix}:table:${name}`
  }
}
