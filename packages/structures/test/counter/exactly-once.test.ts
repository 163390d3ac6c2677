import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createCounter } from '@larder/structures'
import { createDatabase, type Database, migrate, postgresUrl, sized, until, valkeyUrl } from '@larder/testing'
import type { Redis } from 'iovalkey'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sharedClient, unique } from '../support/clients.ts'
import { CREATE_TOTALS, flushInto, totals } from '../support/totals.ts'

let database: Database
let pool: pg.Pool
let client: Redis
const children = new Set<ChildProcess>()

beforeAll(async () => {
  database = await createDatabase(await postgresUrl())
  pool = new pg.Pool({ connectionString: database.url, max: 4 })
  await migrate((sql) => pool.query(sql))
  await pool.query(CREATE_TOTALS)
  client = await sharedClient()
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  client.disconnect()
  await pool.end()
  await database.drop()
})

const at = (name: string): string => fileURLToPath(new URL(`../support/${name}`, import.meta.url))

/** A process that waits for a message before it works, and how it ended. */
interface Worker {
  readonly child: ChildProcess
  readonly ended: Promise<NodeJS.Signals | number | null>
}

async function start(program: string, ...args: string[]): Promise<Worker> {
  const child = fork(at(program), args, { execArgv: ['--import', at('sources.mjs')] })
  children.add(child)
  const ended = once(child, 'exit').then(([code, signal]) => {
    children.delete(child)
    return signal ?? code
  })
  await Promise.race([once(child, 'message'), ended])
  return { child, ended }
}

const ADDERS = sized(2, 4)
const EACH = sized(2_000, 25_000)
/** Where in its work each of those who deliver dies. Together, so that they also contend for batches. */
const WAVES = sized(1, 4)
const MOMENTS = sized(['inside', 'committed'], ['inside', 'committed', 'any'])

it('every increment reaches the database once, although delivering processes are killed', {
  timeout: sized(120_000, 400_000),
}, async () => {
  const name = unique()
  const [valkey, expected] = [await valkeyUrl(), (ADDERS * EACH) / 10]
  const starting = Array.from({ length: ADDERS }, () => start('adder.ts', valkey, name, String(EACH)))
  let counted: Promise<unknown[]> | undefined
  for (let wave = 0; wave < WAVES; wave++) {
    // The ORMs take turns over one table of batches, so each skips what the other has applied.
    const deliverers = await Promise.all(
      MOMENTS.map((moment, index) =>
        start('deliverer.ts', valkey, database.url, name, (wave + index) % 2 ? 'prisma' : 'drizzle', moment),
      ),
    )
    const adders = await Promise.all(starting)
    if (!counted) for (const { child } of adders) child.send('go')
    counted ??= Promise.all(adders.map(({ ended }) => ended))
    for (const { child } of deliverers) child.send('go')
    const killed = deliverers.map(async ({ child, ended }, index) => {
      // When all is delivered, nobody dies by itself any more.
      const most = MOMENTS[index] === 'any' ? Math.random() * 1_000 : 5_000
      await Promise.race([ended, wait(most)])
      child.kill('SIGKILL')
      return ended
    })
    expect(await Promise.all(killed)).toEqual(MOMENTS.map(() => 'SIGKILL'))
  }
  expect(await counted).toEqual(starting.map(() => 0))

  const rest = createCounter(client, { name, flush: flushInto(pool), retryAfter: 300 })
  const ids = Array.from({ length: 10 }, (_, id) => `id${id}`)
  await until(async () => {
    await rest.flush()
    return [...(await rest.pending(ids)).values()].every((pending) => pending === 0)
  })
  expect(await totals(pool)).toEqual(new Map(ids.map((id) => [id, expected])))
  const { rows } = await pool.query('SELECT count(*)::int AS batches FROM app_setting')
  expect(rows[0].batches).toBeGreaterThan(1)
})
