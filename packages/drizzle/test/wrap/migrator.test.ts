import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCache, memoryStore } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { asc, eq } from 'drizzle-orm'
import { migrate as migrateBetterSqlite3 } from 'drizzle-orm/better-sqlite3/migrator'
import { migrate as migrateLibsql } from 'drizzle-orm/libsql/migrator'
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ContractDb, DriverDatabase } from '../contract/driver.ts'
import { betterSqlite3 } from '../drivers/better-sqlite3.ts'
import { libsql } from '../drivers/libsql.ts'
import { pglite } from '../drivers/pglite.ts'

type Migrate = (db: never, config: { migrationsFolder: string }) => unknown

const DRIVERS = [
  { driver: pglite, journal: 'postgresql', migrate: migratePglite as Migrate },
  { driver: libsql, journal: 'sqlite', migrate: migrateLibsql as Migrate },
  { driver: betterSqlite3, journal: 'sqlite', migrate: migrateBetterSqlite3 as Migrate },
]

/** A folder as drizzle-kit writes it, with one migration that changes a row. */
function writeMigration(migrationsFolder: string, dialect: string): void {
  mkdirSync(join(migrationsFolder, 'meta'), { recursive: true })
  const entry = { idx: 0, version: '7', when: 1_700_000_000_000, tag: '0000_retitle', breakpoints: true }
  const journal = { version: '7', dialect, entries: [entry] }
  writeFileSync(join(migrationsFolder, 'meta/_journal.json'), JSON.stringify(journal))
  writeFileSync(
    join(migrationsFolder, '0000_retitle.sql'),
    `CREATE TABLE made_by_migration (a integer);
--> statement-breakpoint
UPDATE blog_post SET title = 'migrated' WHERE id = 1;`,
  )
}

describe.each(DRIVERS)('the migrator of $driver.name', ({ driver, journal, migrate }) => {
  let database: DriverDatabase
  const migrationsFolder = mkdtempSync(join(tmpdir(), 'larder-migrations-'))
  beforeAll(async () => {
    database = await driver.start()
  })
  afterAll(async () => {
    await database?.stop()
    rmSync(migrationsFolder, { recursive: true, force: true })
  })

  it('a migration run through the wrapped db invalidates its cached reads and runs once', async () => {
    writeMigration(migrationsFolder, journal)
    const { users, posts } = driver.schema
    const cache = createCache({ store: memoryStore({ isolated: true }) })
    const db: ContractDb = drizzleCache(await database.db(), { cache, tables: { '*': { ttl: '1h' } } })
    await db.insert(users).values({ id: 1, email: 'ann@x' })
    await db.insert(posts).values([1, 2].map((id) => ({ id, title: 'old', authorId: 1 })))
    const list = async () => await db.select({ title: posts.title }).from(posts).orderBy(asc(posts.id))
    const row = async () => await db.select().from(posts).where(eq(posts.id, 1))
    for (const read of [list, row, list, row]) await read()
    expect(cache.stats()).toMatchObject({ hits: 2, misses: 2 })

    await migrate(db as never, { migrationsFolder })
    expect(await list()).toEqual([{ title: 'migrated' }, { title: 'old' }])
    expect(await row()).toMatchObject([{ title: 'migrated' }])

    // The migrator reads what was applied before, and must not find it in the cache.
    await db.update(posts).set({ title: 'newer' }).where(eq(posts.id, 1))
    await migrate(db as never, { migrationsFolder })
    expect(await row()).toMatchObject([{ title: 'newer' }])
  })
})
