import { createMigratedDatabase, FRESH, repeatWhenBusy, sized, until, valkeyUrl } from '@larder/testing'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CounterAnswer, CounterAsk, TimedValue } from './counter-member.ts'
import { COUNTERS } from './counters.ts'
import { type Member, startMember } from './members.ts'

repeatWhenBusy()

// Processes write one row through, over one PostgreSQL and one Valkey.

const LANES = sized(30, 250)
const ROUNDS = sized(10, 60)
/** How many processes there are, by the ORM through which they write. */
const MEMBERS = { prisma: 4, drizzle: sized(2, 4) }

type Host = keyof typeof COUNTERS
type CounterMember = Member<CounterAsk, CounterAnswer>
let members: readonly CounterMember[] = []
let pool: pg.Pool
let drop: () => Promise<void>
let connection: string

beforeAll(async () => {
  const database = await createMigratedDatabase()
  drop = database.drop
  pool = new pg.Pool({ connectionString: database.url, max: 2 })
  connection = database.url
})
afterAll(async () => {
  await pool.end()
  await drop()
})

async function start(host: Host, count: number): Promise<void> {
  const parameters = [await valkeyUrl(), connection, `through:${process.pid}`, host]
  const member = () => startMember<CounterAsk, CounterAnswer>('counter-member.ts', parameters)
  members = await Promise.all(Array.from({ length: count }, member))
}

async function stop(): Promise<void> {
  await Promise.all(members.map((member) => member.kill()))
  members = []
}

beforeEach(async () => {
  await pool.query(`INSERT INTO inventory_stock (sku, warehouse, updated_at) VALUES ('one', 'w', now())
    ON CONFLICT DO NOTHING`)
})

const askAll = (message: CounterAsk): Promise<readonly CounterAnswer[]> =>
  Promise.all(members.map((member) => member.ask(message)))

async function quantity(): Promise<number> {
  const { rows } = await pool.query(`SELECT quantity FROM inventory_stock WHERE sku = 'one'`)
  return rows[0].quantity
}

/** Reads that returned less than a write that had returned before they began. */
function older(answers: readonly CounterAnswer[]): readonly TimedValue[] {
  const writes = answers.flatMap((answer) => answer.writes)
  return answers
    .flatMap((answer) => answer.reads)
    .filter(([began, shown]) => writes.some(([returned, stored]) => returned < began && stored > shown))
}

describe.each(Object.keys(COUNTERS) as Host[])('several processes with %s', (host) => {
  const count = MEMBERS[host]
  beforeAll(() => start(host, count))
  afterAll(stop)

  it('after many concurrent writes to one row, each process reads the value in the database', async () => {
    const before = await quantity()
    const answers = await askAll({ storm: LANES, lanes: LANES })
    expect(answers.flatMap((answer) => answer.writes)).toHaveLength(count * LANES)
    const displayed = await askAll({ read: true })
    expect(await quantity()).toBe(before + count * LANES)
    expect(displayed.map((answer) => answer.reads[0]?.[1])).toEqual(Array(count).fill(before + count * LANES))
    // The next reads are hits with the same value, in every process.
    for (const member of members) await until(async () => (await member.ask({ read: true })).hits === 1)
    const hits = await askAll({ read: true })
    expect(hits.map((hit) => [hit.hits, hit.reads[0]?.[1]])).toEqual(
      Array(count).fill([1, before + count * LANES]),
    )
  })

  it('a write in one process makes the next read in the others a hit', async () => {
    const [writer, ...readers] = members
    for (let time = 0; time < sized(5, 10); time++) {
      const { writes } = await (writer as CounterMember).ask({ rounds: 1, pause: 20 })
      for (const reader of readers) {
        const { reads, hits } = await reader.ask({ read: true })
        expect([hits, reads[0]?.[1]]).toEqual([1, writes[0]?.[1]])
      }
    }
  })

  it('no read is older than a write that returned before it began', async () => {
    const answers = await askAll({ rounds: ROUNDS, pause: 10 })
    expect(older(answers), FRESH).toEqual([])
    const hits = answers.reduce((sum, answer) => sum + answer.hits, 0)
    expect(hits).toBeGreaterThan(ROUNDS)
  })
})

it('the check finds a read that is older than a write', () => {
  const answers: CounterAnswer = {
    writes: [[1, 5]],
    reads: [
      [2, 4],
      [0, 4],
      [2, 5],
    ],
    hits: 0,
  }
  expect(older([answers]), FRESH).toEqual([[2, 4]])
})
