import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'

// A new process reads some hundred files, possibly while other tests use the machine.
vi.setConfig({ testTimeout: 60_000 })

const sources = new URL('../../../test/support/sources.mjs', import.meta.url).href
const packageFolder = fileURLToPath(new URL('..', import.meta.url))

/** The dialects of Drizzle, by folder, that a new process has loaded after `before`, and those that `after` adds. */
function dialectsLoaded(before: string, after: string): { before: string[]; added: string[] } {
  const program = `
    import { registerHooks } from 'node:module'
    const seen = new Set()
    registerHooks({
      load(url, context, next) {
        const dialect = /drizzle-orm\\/(\\w+-core)\\//.exec(url)?.[1]
        if (dialect) seen.add(dialect)
        return next(url, context)
      },
    })
    await import(${JSON.stringify(sources)})
    ${before}
    const loaded = [...seen]
    ${after}
    console.log(JSON.stringify({ before: loaded, added: [...seen].filter((one) => !loaded.includes(one)) }))
    process.exit(0)`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: packageFolder,
    encoding: 'utf8',
  })
  return JSON.parse(output.trim().split('\n').at(-1) ?? '')
}

const WRAP = `
  const { createCache } = await import('@larder/core')
  const { drizzleCache, tablesOf } = await import('@larder/drizzle')
  const schema = { items }
  drizzleCache(db, { cache: createCache(), schema, tables: { items: { ttl: 1000 } } })
  if (tablesOf(schema).tables.get('item').keys.length !== 1) throw new Error('the primary key was not read')`

const APPLICATIONS = {
  'a PostgreSQL application': `
    const { drizzle } = await import('drizzle-orm/node-postgres')
    const { integer, pgTable } = await import('drizzle-orm/pg-core')
    const items = pgTable('item', { id: integer().primaryKey() })
    const db = drizzle.mock()`,
  'a MySQL application': `
    const { drizzle } = await import('drizzle-orm/mysql2')
    const { int, mysqlTable } = await import('drizzle-orm/mysql-core')
    const { createPool } = await import('mysql2')
    const items = mysqlTable('item', { id: int().primaryKey() })
    const db = drizzle(createPool('mysql://nobody@127.0.0.1:1/none'))`,
  'a SQLite application': `
    const { drizzle } = await import('drizzle-orm/libsql')
    const { int, sqliteTable } = await import('drizzle-orm/sqlite-core')
    const items = sqliteTable('item', { id: int().primaryKey() })
    const db = drizzle('file::memory:')`,
} as const

describe('@larder/drizzle loads no other dialect of Drizzle', () => {
  for (const [name, application] of Object.entries(APPLICATIONS))
    it(`while using ${name}`, () => {
      const { before, added } = dialectsLoaded(application, WRAP)
      expect(before).not.toEqual([])
      expect(added).toEqual([])
    })
})

it('one process can read the keys of tables of three dialects', () => {
  const wrapped = Object.values(APPLICATIONS).map(
    (application) => `await (async () => { ${application}; ${WRAP} })()`,
  )
  expect(dialectsLoaded('', wrapped.join('\n')).added.sort()).toEqual([
    'mysql-core',
    'pg-core',
    'sqlite-core',
  ])
})
