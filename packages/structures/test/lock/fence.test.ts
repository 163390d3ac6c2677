import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createLock } from '@larder/structures'
import { createDatabase, type Database, postgresUrl, repeatWhenBusy, valkeyUrl } from '@larder/testing'
import type { Redis } from 'iovalkey'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sharedClient, unique } from '../support/clients.ts'

repeatWhenBusy()

let database: Database
let pool: pg.Pool
let client: Redis

beforeAll(async () => {
  database = await createDatabase(await postgresUrl())
  pool = new pg.Pool({ connectionString: database.url, max: 2 })
  await pool.query('CREATE TABLE fenced (id int PRIMARY KEY, writer text NOT NULL, fence bigint NOT NULL)')
  await pool.query("INSERT INTO fenced VALUES (1, 'nobody', 0)")
  client = await sharedClient()
})
afterAll(async () => {
  client.disconnect()
  await pool.end()
  await database.drop()
})

const at = (name: string): string => fileURLToPath(new URL(`../support/${name}`, import.meta.url))

it('a holder that is stopped past its ttl cannot overwrite the write of the next holder', async () => {
  const name = unique()
  const args = [await valkeyUrl(), database.url, name]
  const holder = fork(at('fenced-writer.ts'), args, { execArgv: ['--import', at('sources.mjs')] })
  try {
    const older = BigInt((await once(holder, 'message'))[0] as string)
    holder.kill('SIGSTOP')
    const lock = createLock(client, { prefix: name })
    await lock.using('row', { ttl: '5s', wait: '10s' }, async ({ fence }) => {
      expect(fence).toBeGreaterThan(older)
      await pool.query("UPDATE fenced SET writer = 'next', fence = $1 WHERE id = 1 AND fence <= $1", [fence])
    })
    // It is in its queue when the process goes on, so nothing else runs before.
    holder.send('write')
    await wait(50)
    const answer = once(holder, 'message')
    holder.kill('SIGCONT')
    expect((await answer)[0]).toEqual({ rows: 0, aborted: true, outcome: 'LARDER_LOCK_LOST' })
    expect((await pool.query('SELECT writer FROM fenced')).rows).toEqual([{ writer: 'next' }])
  } finally {
    holder.kill('SIGKILL')
  }
})
