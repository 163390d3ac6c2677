import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createDatabase, migrate, postgresUrl, sized, until, valkeyUrl } from '@larder/testing'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Ask, Moment, Told } from './counter-member.ts'
import { SHOPS } from './counters.ts'

// Four processes, one PostgreSQL, one Valkey: a row that all of them write through.

const LANES = sized(60, 250)
const ROUNDS = sized(15, 60)

const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
let members: ChildProcess[] = []
let pool: pg.Pool
let drop: () => Promise<void>
let connection: string

beforeAll(async () => {
  const database = await createDatabase(await postgresUrl())
  drop = database.drop
  pool = new pg.Pool({ connectionString: database.url, max: 2 })
  await migrate((sql) => pool.query(sql))
  connection = database.url
})
afterAll(async () => {
  await pool.end()
  await drop()
})

async function start(host: string): Promise<void> {
  const given = [await valkeyUrl(), connection, `through:${process.pid}`, host]
  for (let member = 0; member < 4; member++) {
    const child = fork(at('counter-member.ts'), given, { execArgv: ['--import', at('sources.mjs')] })
    members.push(child)
    await heard(child)
  }
}

async function stop(): Promise<void> {
  for (const member of members) member.kill()
  await Promise.all(members.map((member) => member.exitCode ?? member.signalCode ?? once(member, 'exit')))
  members = []
}

beforeEach(async () => {
  await pool.query(`INSERT INTO inventory_stock (sku, warehouse, updated_at) VALUES ('one', 'w', now())
    ON CONFLICT DO NOTHING`)
})

/** A member that ends instead of answering fails the test at once. */
async function heard(child: ChildProcess): Promise<unknown> {
  const over = new AbortController()
  const gone = once(child, 'exit', { signal: over.signal }).then(([code]) => {
    throw new Error(`a member ended with ${code}`)
  })
  try {
    return (await Promise.race([once(child, 'message', { signal: over.signal }), gone]))[0]
  } finally {
    over.abort()
  }
}

async function ask(child: ChildProcess, message: Ask): Promise<Told> {
  const answer = heard(child)
  child.send(message)
  return (await answer) as Told
}

const askAll = (message: Ask): Promise<readonly Told[]> =>
  Promise.all(members.map((member) => ask(member, message)))

async function quantity(): Promise<number> {
  const { rows } = await pool.query(`SELECT quantity FROM inventory_stock WHERE sku = 'one'`)
  return rows[0].quantity
}

/** Displays that show less than a write that had returned before they began. */
function older(told: readonly Told[]): readonly Moment[] {
  const writes = told.flatMap((one) => one.writes)
  return told
    .flatMap((one) => one.reads)
    .filter(([began, shown]) => writes.some(([returned, stored]) => returned < began && stored > shown))
}

describe.each(Object.keys(SHOPS))('members with %s', (host) => {
  beforeAll(() => start(host))
  afterAll(stop)

  it('after many concurrent writes of one row by four processes, each displays what the database holds', async () => {
    const before = await quantity()
    const told = await askAll({ storm: LANES, lanes: LANES })
    expect(told.flatMap((one) => one.writes)).toHaveLength(4 * LANES)
    const displayed = await askAll({ read: true })
    expect(await quantity()).toBe(before + 4 * LANES)
    expect(displayed.map((one) => one.reads[0]?.[1])).toEqual(Array(4).fill(before + 4 * LANES))
    // And go on to: as an entry, in every process.
    for (const member of members) await until(async () => (await ask(member, { read: true })).hits === 1)
    const hits = await askAll({ read: true })
    expect(hits.map((one) => [one.hits, one.reads[0]?.[1]])).toEqual(Array(4).fill([1, before + 4 * LANES]))
  }, 60_000)

  it('a write by one process is displayed by the others without SQL', async () => {
    const [writer, ...readers] = members
    for (let time = 0; time < 10; time++) {
      const { writes } = await ask(writer as ChildProcess, { rounds: 1, pause: 20 })
      for (const reader of readers) {
        const { reads, hits } = await ask(reader, { read: true })
        expect([hits, reads[0]?.[1]]).toEqual([1, writes[0]?.[1]])
      }
    }
  })

  it('no display is older than a write that returned before it began', async () => {
    const told = await askAll({ rounds: ROUNDS, pause: 10 })
    expect(older(told)).toEqual([])
    const hits = told.reduce((sum, one) => sum + one.hits, 0)
    expect(hits).toBeGreaterThan(ROUNDS)
  }, 60_000)
})

it('such a display would be found', () => {
  const told: Told = {
    writes: [[1, 5]],
    reads: [
      [2, 4],
      [0, 4],
      [2, 5],
    ],
    hits: 0,
  }
  expect(older([told])).toEqual([[2, 4]])
})
