import { createMigratedDatabase, repeatWhenBusy, sized, valkeyUrl } from '@larder/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { HitsAnswer, HitsAsk } from './hit-budget-member.ts'
import { type Member, startMember } from './members.ts'

repeatWhenBusy()

// What a hit makes is counted, not timed: a busy machine changes nothing. Bounds leave room for a change of a few
// objects. One that is passed is a reason to look at bench/profiles and to ask whether the hit needs it.

/** Hits before those that are counted, and these. */
const COUNTS = [sized(500, 1_500), sized(200, 800)].map(String)

const BOUNDS = [
  // Without an ORM, whose share would hide it if the engine's doubled. Over a server the client's share is in it.
  { host: 'engine', from: 'memory', promises: 5, bytes: 4_500 },
  { host: 'engine', from: 'off', promises: 9, bytes: 20_800 },
  { host: 'engine', from: 'validate', promises: 9, bytes: 17_700 },
  { host: 'engine', from: 'push', promises: 5, bytes: 5_200 },
  { host: 'prisma', from: 'memory', promises: 11, bytes: 20_000 },
  { host: 'prisma', from: 'off', promises: 17, bytes: 34_500 },
  { host: 'prisma', from: 'validate', promises: 17, bytes: 34_000 },
  { host: 'prisma', from: 'push', promises: 11, bytes: 19_500 },
  { host: 'drizzle', from: 'memory', promises: 13, bytes: 43_000 },
  { host: 'drizzle', from: 'off', promises: 19, bytes: 57_000 },
  { host: 'drizzle', from: 'validate', promises: 19, bytes: 54_000 },
  { host: 'drizzle', from: 'push', promises: 13, bytes: 43_000 },
] as const

let member: Member<HitsAsk, HitsAnswer>
let drop: () => Promise<void>

beforeAll(async () => {
  const database = await createMigratedDatabase()
  drop = database.drop
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query(
    `INSERT INTO inventory_stock (id, sku, warehouse, quantity, updated_at) VALUES (1, 'one', 'w', 0, now())`,
  )
  await client.end()
  const namespace = `b${process.pid}${Date.now().toString(36)}`
  member = await startMember('hit-budget-member.ts', [database.url, await valkeyUrl(), namespace, ...COUNTS])
})

afterAll(async () => {
  await member?.kill()
  await drop?.()
})

it.each(BOUNDS)(
  'a hit of $host from $from allocates few promises and objects',
  async ({ host, from, ...bounds }) => {
    const { promises, bytes, others } = await member.ask({ host, from })
    expect(others).toBe(0)
    // A count of nothing would pass every bound.
    expect(promises).toBeGreaterThan(1)
    expect(promises).toBeLessThanOrEqual(bounds.promises)
    expect(bytes).toBeGreaterThan(100)
    expect(bytes).toBeLessThanOrEqual(bounds.bytes)
  },
)
