// Bundles and minifies an application with esbuild, so that no class and no function keeps its name, and runs it: values
// of every kind must come back from a hit as they went in, errors must be recognised, and writes must invalidate.
import { spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from '../packing.mjs'

const APPLICATION = `
  import assert from 'node:assert/strict'
  import { CacheError, compressed, createCache, msgpackCodec, superjsonCodec } from '@larder/core'
  import { drizzleCache } from '@larder/drizzle'
  import { prismaCache } from '@larder/prisma'
  import { Decimal } from '@prisma/client/runtime/client'
  import { eq } from 'drizzle-orm'
  import { drizzle } from 'drizzle-orm/node-postgres'
  import { integer, pgTable } from 'drizzle-orm/pg-core'
  import { PrismaClient } from './minified-client/client.ts'
  import { datamodel } from './minified-larder.ts'

  // The names are gone: otherwise this shows nothing.
  class Named {}
  assert.notEqual(Named.name, 'Named')

  const codecs = { msgpack: msgpackCodec(), superjson: superjsonCodec(), compressed: compressed(msgpackCodec(), { above: 1 }) }
  for (const [name, codec] of Object.entries(codecs)) {
    const cache = createCache({ namespace: name, codec })
    const value = { at: new Date(1), big: 5n, map: new Map([[1, new Set(['a'])]]), bytes: Uint8Array.of(1, 255), none: undefined, zero: -0 }
    const sources = []
    for (let turn = 0; turn < 2; turn++) {
      const { result, reads } = await cache.explain(() => cache.wrap('key', { ttl: '1m', tags: ['a'] }, async () => value))
      assert.deepEqual(result, value)
      sources.push(reads[0].source)
    }
    assert.deepEqual(sources, ['database', 'memory'])
    await cache.close()
  }
  try {
    createCache({ namespaces: 'x' })
    assert.fail('an unknown option was accepted')
  } catch (error) {
    assert.ok(error instanceof CacheError)
    assert.deepEqual([error.name, error.code], ['CacheError', 'LARDER_CONFIG'])
  }

  // Drivers that answer by themselves: no server is needed.
  const cache = createCache({ namespace: 'minified' })
  let price = 1
  const item = pgTable('item', { id: integer().primaryKey(), price: integer() })
  const client = { totalCount: 0, query: async () => ({ rows: [[1, price]], rowCount: 1 }) }
  const db = drizzleCache(drizzle(client), { cache, schema: { item }, tables: { item: { ttl: '1m' } }, database: 'items' })
  const read = () => cache.explain(() => db.select().from(item).where(eq(item.id, 1)))
  assert.equal((await read()).reads[0].source, 'database')
  assert.equal((await read()).reads[0].source, 'memory')
  price = 2
  await db.update(item).set({ price }).where(eq(item.id, 1))
  const { result, reads } = await read()
  assert.deepEqual([result, reads[0].reason], [[{ id: 1, price: 2 }], 'invalidated'])

  let amount = '1.50'
  let statements = 0
  const rows = (columnNames, columnTypes, rows) => ({ columnNames, columnTypes, rows })
  const queryable = {
    provider: 'postgres', adapterName: 'in-process',
    async queryRaw({ sql }) {
      statements++
      const ledger = rows(['id', 'amount', 'memo', 'code'], [1, 4, 7, 4], [['1', amount, null, '7']])
      return ledger
    },
    async executeRaw() { statements++; return 1 },
  }
  const adapter = {
    provider: 'postgres', adapterName: 'in-process',
    connect: async () => ({
      ...queryable,
      executeScript: async () => {},
      dispose: async () => {},
      getConnectionInfo: () => ({ supportsRelationJoins: false }),
      startTransaction: async () => ({ ...queryable, options: { usePhantomQuery: true }, commit: async () => {}, rollback: async () => {} }),
    }),
  }
  const prisma = new PrismaClient({ adapter }).$extends(prismaCache({ cache, datamodel, database: 'ledger', models: { Ledger: { ttl: '1m' } } }))
  const readLedger = () => cache.explain(() => prisma.ledger.findUnique({ where: { id: 1n } }))
  const first = await readLedger()
  const second = await readLedger()
  assert.deepEqual([first.reads[0].source, second.reads[0].source], ['database', 'memory'])
  assert.deepEqual(second.result, first.result)
  assert.ok(second.result.amount instanceof Decimal)
  assert.equal(second.result.id, 1n)
  amount = '2.50'
  await prisma.ledger.update({ where: { id: 1n }, data: { amount } })
  const third = await readLedger()
  assert.deepEqual([third.reads[0].source, String(third.result.amount)], ['database', '2.5'])
  await cache.close()
  console.log('the application is right')
  process.exit()
`

/** @param project a folder in which the packages and esbuild are installed. */
export function checkMinified(project) {
  writeFileSync(join(project, 'minified.mjs'), APPLICATION)
  cpSync(join(root, 'prisma/generated/client'), join(project, 'minified-client'), { recursive: true })
  cpSync(join(root, 'prisma/generated/larder.ts'), join(project, 'minified-larder.ts'))
  const program = join(project, 'node_modules/esbuild/bin/esbuild')
  run(
    program,
    [
      'minified.mjs',
      ...['--bundle', '--minify', '--platform=node', '--format=esm', '--log-level=error'],
      ...['--external:pg', '--external:pg-native', '--external:libpg-query'],
      // Packages in CommonJS call require() for Node's own modules.
      "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      '--outfile=minified-bundle.mjs',
    ],
    project,
  )
  const { status, stdout, stderr } = spawnSync(process.execPath, ['minified-bundle.mjs'], {
    cwd: project,
    encoding: 'utf8',
    timeout: 60_000,
  })
  if (status !== 0) throw new Error(`the minified application failed:\n${stdout}${stderr.slice(-4_000)}`)
  console.log('esbuild: bundled and minified, values, errors and invalidation are as they were')
}
