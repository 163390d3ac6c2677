import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { type Client, createClient } from '@libsql/client'
import { drizzle } from 'drizzle-orm/libsql'
import { integer, sqliteTable } from 'drizzle-orm/sqlite-core'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

const items = sqliteTable('item', { id: integer().primaryKey() })

let folder: string
let client: Client | undefined
let primary: ChildProcess | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'larder-libsql-'))
})
afterEach(() => {
  client?.close()
  primary?.kill()
  rmSync(folder, { recursive: true, force: true })
})

// libSQL blocks this process while it waits for the primary, so the primary is a process of its own. It responds with
// errors, which is enough to make the file a replica.
const PRIMARY = `const server = require('node:http').createServer((_, answer) => { answer.statusCode = 500; answer.end() })
  server.listen(0, '127.0.0.1', () => console.log(server.address().port)); setTimeout(() => process.exit(), 60_000)`

async function primaryUrl(): Promise<string> {
  primary = spawn(process.execPath, ['-e', PRIMARY], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(primary.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  return `http://127.0.0.1:${String(port).trim()}`
}

function setup(opened: Client) {
  client = opened
  const cache = createCache()
  const warnings: string[] = []
  cache.on('warning', ({ code }) => warnings.push(code))
  const db = drizzleCache(drizzle(opened, { schema: { items } }), { cache, tables: { items: { ttl: '1h' } } })
  const sourceOf = async (): Promise<string> => {
    const { reads } = await cache.explain(async () => await db.select().from(items))
    return reads.map(({ source, reason }) => (reason ? `${source} ${reason}` : source)).join()
  }
  return { warnings, sourceOf }
}

it('reads of an embedded replica bypass the cache, with a warning', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const url = `file:${join(folder, 'replica.db')}`
  const { warnings, sourceOf } = setup(createClient({ url, syncUrl: await primaryUrl(), authToken: 'none' }))
  // Directly on the file, because the replica would send it to the primary.
  const local = createClient({ url })
  await local.execute('CREATE TABLE item (id integer PRIMARY KEY)')
  local.close()
  expect(await sourceOf()).toBe('database opaque')
  expect(await sourceOf()).toBe('database opaque')
  expect(warnings).toStrictEqual(['embedded-replica'])
  expect(warned).toHaveBeenCalledWith(expect.stringContaining('without syncUrl'))
})

it.each(['a file', 'memory'])('a libSQL db that is not a replica is cached: %s', async (where) => {
  const { warnings, sourceOf } = setup(
    createClient({ url: where === 'memory' ? ':memory:' : `file:${join(folder, 'plain.db')}` }),
  )
  await client?.execute('CREATE TABLE item (id integer PRIMARY KEY)')
  await sourceOf()
  expect(await sourceOf()).toBe('memory')
  expect(warnings).toStrictEqual([])
})
