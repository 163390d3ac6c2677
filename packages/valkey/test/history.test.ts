import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { type Cache, createCache, type Engine, type LookupKey } from '@larder/core'
import { createHistory, seededRandom, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { expect, it } from 'vitest'
import {
  attachItems,
  GROUP,
  PRIMARY,
  type ReadShape,
  readPlan,
  reads,
  UNIQUE,
  type WriteShape,
  writePlan,
  writes,
} from '../../core/test/pipeline/item-host.ts'
import { type Row, simulatedDatabase, startState } from '../../core/test/pipeline/simulated-database.ts'
import { look } from './server.ts'

const ROWS = 3
const READS = [
  () => reads.byId(1),
  () => reads.byId(2),
  () => reads.byGroup(0),
  () => reads.byCode('c1'),
  () => reads.byIds([1, 2]),
  () => reads.everything(),
  () => reads.joined(1),
]
const WRITES = [
  () => writes.touch(1, 'item', true),
  () => writes.touch(2),
  () => writes.touchGroup(0, true),
  () => writes.move(1, 1, true),
  () => writes.move(1, 0),
  () => writes.swapCodes(1, 2),
  () => writes.remove(ROWS),
  () => writes.insert(ROWS, 0),
  () => writes.touch(1, 'note'),
]

interface Member {
  readonly cache: Cache
  readonly engine: Engine
}

/** The chances are seeded, the order is not: it is a real server's. */
async function history(
  seed: number,
  processes: readonly (readonly LookupKey[])[],
  disturb?: () => Promise<void>,
) {
  const random = seededRandom(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const pause = (): Promise<unknown> => (random() < 0.5 ? turn() : wait(random() * 3))
  const database = simulatedDatabase(startState(ROWS), async () => void (await pause()))
  const namespace = `history-${process.pid}-${seed}`
  const members: Member[] = []
  for (const keys of processes) {
    const store = valkeyStore(await valkeyUrl())
    await store.ping()
    const cache = createCache({ store, namespace })
    members.push({ cache, engine: attachItems(cache, keys) })
  }
  const watched = createHistory()
  const impossible: string[] = []
  let hits = 0
  const observed = (rows: readonly (Row | null)[]) =>
    rows
      .filter((row) => row !== null)
      .map((row) => ({ row: `${row.code.startsWith('n') ? 'note' : 'item'} ${row.id}`, version: row.v }))

  const readOnce = async (): Promise<void> => {
    const { cache, engine } = pick(members)
    const shape = pick(READS)() as ReadShape<Row | null | Row[]>
    const began = database.states.length - 1
    const ended = watched.reading(shape.name)
    const { result, reads: told } = await cache.explain(() =>
      engine.read(readPlan(engine, shape, database.read)),
    )
    if (told[0]?.source === 'store') hits++
    const possible = database.states.slice(began).map((state) => JSON.stringify(shape.query(state)))
    if (!possible.includes(JSON.stringify(result)))
      impossible.push(`${shape.name} from ${told[0]?.source}: ${JSON.stringify(result)}`)
    ended(observed([result].flat()))
  }
  const writeOnce = async (): Promise<void> => {
    const { cache, engine } = pick(members)
    if (random() < 0.05) return cache.invalidate(pick([{ tables: ['item'] }, { all: true as const }]))
    const shape: WriteShape = pick(WRITES)()
    watched.wrote(observed(await engine.write(writePlan(shape, database.write))))
  }
  const repeat = async (times: number, action: () => Promise<unknown>): Promise<void> => {
    for (let time = 0; time < times; time++) await action()
  }
  await Promise.all([
    ...Array.from({ length: 6 }, () => repeat(150, readOnce)),
    ...Array.from({ length: 2 }, () => repeat(25, () => wait(random() * 20).then(writeOnce))),
    ...(disturb ? [repeat(8, () => wait(30).then(disturb))] : []),
  ])
  await Promise.all(members.map(({ cache }) => cache.close()))
  return { stale: watched.stale, impossible, hits }
}

const ALL = [PRIMARY, UNIQUE, GROUP]

it.each([1, 2, 3])(
  'no read of two processes is stale or impossible over a real server (seed %i)',
  async (seed) => {
    const { stale, impossible, hits } = await history(seed, [ALL, ALL])
    expect({ stale, impossible }).toEqual({ stale: [], impossible: [] })
    expect(hits).toBeGreaterThan(50)
  },
)

it('nor where processes know different lookup keys', async () => {
  const { stale, impossible, hits } = await history(10, [ALL, [PRIMARY], [GROUP, UNIQUE], []])
  expect({ stale, impossible }).toEqual({ stale: [], impossible: [] })
  expect(hits).toBeGreaterThan(20)
})

it('nor where the server loses its scripts and single tags all the time', async () => {
  const server = look(await valkeyUrl())
  const disturb = async (): Promise<void> => {
    await server.script('FLUSH')
    // What eviction does, to a record and a few cells.
    await server.unlink(`{history-${process.pid}-20:main:item}`, `{history-${process.pid}-20:main:note}`)
  }
  const { stale, impossible, hits } = await history(20, [ALL, ALL], disturb)
  server.disconnect()
  expect({ stale, impossible }).toEqual({ stale: [], impossible: [] })
  expect(hits).toBeGreaterThan(20)
})
