import { setTimeout as wait } from 'node:timers/promises'
import {
  createMigratedDatabase,
  FRESH,
  repeatWhenBusy,
  setting,
  sized,
  sweep,
  until,
  valkeyUrl,
} from '@larder/testing'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRandom } from '../support/random.ts'
import { type Member, startMember } from './members.ts'
import type { StockAnswer, StockAsk, StopPoint } from './stock-member.ts'

repeatWhenBusy()

// Processes over one Valkey and one PostgreSQL. One of them is killed (kill -9) in the middle of a write.

/** The lifetime of a mark whose writer is gone, in milliseconds: CAVEATS says so. */
const MARK_LIFETIME = 30_000
/** For a machine that is busy with something else. */
const SLACK = 5_000
const HOSTS = ['prisma', 'drizzle'] as const
type StockMember = Member<StockAsk, StockAnswer>

let pool: pg.Pool
let drop: () => Promise<void>
let connection: string
let namespaces = 0
let members: StockMember[] = []

beforeEach(async () => {
  const database = await createMigratedDatabase()
  drop = database.drop
  connection = database.url
  pool = new pg.Pool({ connectionString: connection, max: 2 })
  const rows = Array.from({ length: 20 }, (_, at) => `(${at + 1}, 's${at + 1}', 'w', 1, now())`)
  await pool.query(
    `INSERT INTO inventory_stock (id, sku, warehouse, version, updated_at) VALUES ${rows.join()}`,
  )
  namespaces++
})
afterEach(async () => {
  await Promise.all(members.map((member) => member.kill()))
  members = []
  await pool.end()
  await drop()
})

async function start(host: string): Promise<StockMember> {
  const parameters = [connection, await valkeyUrl(), `killed-${process.pid}-${namespaces}`, host]
  const member = await startMember<StockAsk, StockAnswer>('stock-member.ts', parameters)
  members.push(member)
  return member
}

async function committed(id: number): Promise<number> {
  const { rows } = await pool.query('SELECT version FROM inventory_stock WHERE id = $1', [id])
  return rows[0].version
}

/** The sum of the versions of some rows. */
async function versionsOf(ids: readonly number[]): Promise<number> {
  return (await Promise.all(ids.map(committed))).reduce((sum, version) => sum + version, 0)
}

/** Reads of a row that return less than what was committed before they were asked for. */
async function staleReads(readers: readonly StockMember[], id: number): Promise<readonly unknown[]> {
  const floor = await committed(id)
  const answers = await Promise.all(readers.map((reader) => reader.ask({ read: id })))
  return answers.filter(({ version }) => version < floor).map((answer) => ({ id, floor, ...answer }))
}

async function isHit(reader: StockMember, id: number): Promise<boolean> {
  return (await reader.ask({ read: id })).source !== 'database'
}

/** Reads until every reader has a hit. @returns the stale reads on the way. */
async function readUntilHit(readers: readonly StockMember[], id: number, most: number): Promise<unknown[]> {
  const stale: unknown[] = []
  await until(async () => {
    stale.push(...(await staleReads(readers, id)))
    await wait(sized(300, 100))
    return (await Promise.all(readers.map((reader) => isHit(reader, id)))).every(Boolean)
  }, most)
  return stale
}

/** A writer to kill, and the version of its row that is committed by then. */
interface Victim {
  readonly host: string
  readonly stopAt: StopPoint
  readonly row: number
  readonly committed: number
}

const victims: readonly Victim[] = HOSTS.flatMap((host, at) => [
  { host, stopAt: 'marked', row: 2 * at + 1, committed: 1 },
  { host, stopAt: 'committed', row: 2 * at + 2, committed: 2 },
])

it('a writer killed between mark and COMMIT or between COMMIT and finish leaves no stale read, and its row is cached again within 30 s', async () => {
  const readers = await Promise.all(HOSTS.map(start))
  const writers = await Promise.all(victims.map(({ host }) => start(host)))
  for (const { row } of victims) expect(await readUntilHit(readers, row, 10_000), FRESH).toEqual([])
  for (const [at, victim] of victims.entries()) {
    const writer = writers[at] as StockMember
    const { row, stopAt } = victim
    await writer.ask({ raise: row, stopAt })
    expect(await committed(row)).toBe(victim.committed)
    await writer.kill('SIGKILL')
    for (let time = 0; time < 5; time++) expect(await staleReads(readers, row), FRESH).toEqual([])
    // Its mark is still there: no process may use what it has cached.
    for (const reader of readers) expect(await isHit(reader, row), JSON.stringify(victim)).toBe(false)
  }
  const killed = performance.now()
  for (const { row } of victims)
    expect(await readUntilHit(readers, row, MARK_LIFETIME + SLACK), FRESH).toEqual([])
  expect(performance.now() - killed).toBeLessThan(MARK_LIFETIME + SLACK)
  for (const victim of victims) expect(await committed(victim.row)).toBe(victim.committed)
})

describe('writers that are killed at random moments', () => {
  const kills = setting('LARDER_KILLS', 2, 20)
  const seed = setting('LARDER_SEED', 1)

  it.each(sweep(HOSTS))(
    'leave no stale read in other processes while they write through %s',
    async (host) => {
      const random = createRandom(seed)
      const readers = await Promise.all(HOSTS.map(start))
      const stale: unknown[] = []
      for (let kill = 0; kill < kills; kill++) {
        const ids = [1, 2, 3, 4].map((row) => ((kill * 4 + row - 1) % 20) + 1)
        for (const id of ids) stale.push(...(await staleReads(readers, id)))
        const writer = await start(host)
        const before = await versionsOf(ids)
        await writer.ask({ raiseForEver: ids })
        await until(async () => (await versionsOf(ids)) > before)
        const end = performance.now() + random.int(1, 300)
        while (performance.now() < end) for (const id of ids) stale.push(...(await staleReads(readers, id)))
        await writer.kill('SIGKILL')
        for (let time = 0; time < 3; time++)
          for (const id of ids) stale.push(...(await staleReads(readers, id)))
      }
      expect(stale, FRESH).toEqual([])
    },
    300_000,
  )
})
