import { randomBytes } from 'node:crypto'
import { type Cache, createCache, type MemoryOptions } from '@larder/core'
import { ownProcess } from '@larder/testing'
import { type ValkeyStore, type ValkeyStoreOptions, valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { attachRows, type Rows } from './rows.ts'
import { until } from './server.ts'

export type Mode = NonNullable<MemoryOptions['mode']>

/** One process's part: a cache over servers that fail, and rows in a database that does not. */
export interface Member extends Rows {
  readonly cache: Cache
  readonly store: ValkeyStore
  readonly mode: Mode
}

/** Where the members of one test meet. */
export interface SharedPlace {
  readonly database: Redis
  /** The hash that is the database, and the namespace of the caches. */
  readonly name: string
}

export const createPlace = (database: Redis): SharedPlace => ({
  database,
  name: `test:${randomBytes(6).toString('hex')}`,
})

/** The key of the record of the only table there is. */
export const recordOf = ({ name }: SharedPlace): string => `{${name}:main:row}`

/** @param opened whether to wait until the servers answer. */
export async function join(
  { database, name }: SharedPlace,
  options: string | ValkeyStoreOptions,
  mode: Mode = 'validate',
  opened = true,
): Promise<Member> {
  const store = ownProcess(valkeyStore(options))
  const cache = createCache({ store, namespace: name, memory: { mode } })
  const member = { cache, store, mode, ...attachRows(cache, database, name) }
  if (opened) await until(() => store.ping().then(() => true))
  return member
}

export const isHit = async ({ read }: Rows, id = 1): Promise<boolean> =>
  (await read(id)).source !== 'database'

/** A value in the database and, as an entry, in the store: all members hit. */
export async function warm(members: readonly Member[], value: string, id = 1): Promise<void> {
  await members[0]?.write(id, value)
  await allHit(members, id)
}

/** Waits until each member has answered from the cache. */
export async function allHit(members: readonly Member[], id = 1): Promise<void> {
  for (const member of members) await until(() => isHit(member, id))
}

/** What each member reads now. */
export async function valuesOf(members: readonly Member[], id = 1): Promise<readonly (string | null)[]> {
  return Promise.all(members.map(async ({ read }) => (await read(id)).value))
}

/** Milliseconds that `run` took, and what it gave. */
export async function timed<T extends object>(run: () => Promise<T>): Promise<T & { readonly took: number }> {
  const started = performance.now()
  const result = await run()
  return { ...result, took: performance.now() - started }
}

/** Milliseconds that a write took. */
export const timedWrite = async (member: Rows, value: string, id = 1): Promise<number> =>
  (await timed(async () => ({ written: await member.write(id, value) }))).took
