import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { type Cache, createCache, type MemoryOptions } from '@larder/core'
import type { Engine, LookupKey } from '@larder/core/host'
import { ownProcess, seededRandom, sized } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import {
  attachItems,
  type ReadShape,
  readPlan,
  reads,
  type WriteShape,
  writePlan,
  writes,
} from '../../../core/test/support/item-host.ts'
import { type Row, simulatedDatabase, startState } from '../../../core/test/support/simulated-database.ts'
import { createSlackHistory } from './slack-history.ts'

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

export interface RealHistory {
  readonly url: string
  readonly namespace: string
  readonly seed: number
  /** The lookup keys each process knows. */
  readonly processes: readonly (readonly LookupKey[])[]
  readonly memory: NonNullable<MemoryOptions['mode']>
  /** How long what another process did may go unseen, in milliseconds. Default 0. */
  readonly slack?: number
  /** Done again and again meanwhile. */
  readonly disturb?: () => Promise<void>
  /** Milliseconds between writes of one writer, at most. Default 20. */
  readonly pace?: number
}

/** What was wrong, and that anything was tested: how many reads were hits, by where they came from. */
export interface Observed {
  readonly stale: readonly unknown[]
  readonly impossible: readonly string[]
  readonly hits: { readonly store: number; readonly memory: number }
}

interface Member {
  readonly name: number
  readonly cache: Cache
  readonly engine: Engine
}

/** The chances are seeded, the order is not: it is a real server's. Works for some seconds when there is slack. */
export async function realHistory(options: RealHistory): Promise<Observed> {
  const { seed, slack = 0, pace = 20 } = options
  const random = seededRandom(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  // With slack it is the time that counts, and each reader reads all the time.
  const [readers, busy] = slack ? sized([2, 0.1], [6, 0.5]) : [6, 0.5]
  const pause = (): Promise<unknown> => (random() < busy ? turn() : wait(random() * 3))
  const database = simulatedDatabase(startState(ROWS), async () => void (await pause()))
  const members = await Promise.all(options.processes.map((keys, name) => member(options, keys, name)))
  const watched = createSlackHistory(slack)
  const impossible: string[] = []
  const hits = { store: 0, memory: 0 }
  const observed = (rows: readonly (Row | null)[]) =>
    rows
      .filter((row) => row !== null)
      .map((row) => ({ row: `${row.code.startsWith('n') ? 'note' : 'item'} ${row.id}`, version: row.v }))

  const readOnce = async (): Promise<void> => {
    const { name, cache, engine } = pick(members)
    const shape = pick(READS)() as ReadShape<Row | null | Row[]>
    // Without slack: every state there is when the read begins, whether its write has returned or not.
    const began = slack ? watched.settledStates() : database.states.length
    const ended = watched.reading(name, shape.name)
    const { result, reads: reports } = await cache.explain(() =>
      engine.read(readPlan(engine, shape, database.read)),
    )
    const source = reports[0]?.source
    if (source === 'store' || source === 'memory') hits[source]++
    const serialized = JSON.stringify(result)
    const since = database.states.slice(Math.max(0, began - 1))
    if (!since.findLast((state) => JSON.stringify(shape.query(state)) === serialized))
      impossible.push(`${shape.name} from ${source}: ${serialized}`)
    ended(observed([result].flat()))
  }
  const writeOnce = async (): Promise<void> => {
    const { name, cache, engine } = pick(members)
    if (random() < 0.05) return cache.invalidate(pick([{ tables: ['item'] }, { all: true as const }]))
    const shape: WriteShape = pick(WRITES)()
    const result = observed(await engine.write(writePlan(shape, database.write)))
    watched.wrote(name, result, database.states.length)
  }
  const end = performance.now() + 4 * slack
  const repeat = async (times: number, action: () => Promise<unknown>): Promise<void> => {
    for (let time = 0; slack ? performance.now() < end : time < times; time++) await action()
  }
  await Promise.all([
    ...Array.from({ length: readers }, () => repeat(150, () => readOnce().then(pause))),
    ...Array.from({ length: 2 }, () => repeat(25, () => wait(random() * pace).then(writeOnce))),
    ...(options.disturb ? [repeat(8, () => wait(30).then(options.disturb))] : []),
  ])
  await Promise.all(members.map(({ cache }) => cache.close()))
  return { stale: watched.stale, impossible, hits }
}

async function member(
  { url, namespace, memory }: RealHistory,
  keys: readonly LookupKey[],
  name: number,
): Promise<Member> {
  const store = ownProcess(valkeyStore(url))
  const cache = createCache({ store, namespace, memory: { mode: memory } })
  await store.ping()
  return { name, cache, engine: attachItems(cache, keys) }
}
