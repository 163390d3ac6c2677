import { type Cache, createCache, memoryStore } from '@larder/core'
import type { Engine } from '@larder/core/host'
import type { Store, StoreContext } from '@larder/core/store'
import { createScheduler, fakeClock, type Scheduler, scheduledStore } from '@larder/testing'
import {
  attachItems,
  type ReadShape,
  Refused,
  readPlan,
  reads,
  type WriteShape,
  writePlan,
  writes,
} from '../support/item-host.ts'
import {
  type Row,
  type SimulatedDatabase,
  simulatedDatabase,
  startState,
} from '../support/simulated-database.ts'

const ROWS = 3

type Shape = ReadShape<Row | null | Row[]>

const READS: readonly ((scheduler: Scheduler) => Shape)[] = [
  (scheduler) => reads.byId(1 + scheduler.below(ROWS)) as Shape,
  (scheduler) => reads.byGroup(scheduler.below(2)) as Shape,
  () => reads.byCode('c1') as Shape,
  () => reads.byIds([1, 2]) as Shape,
  () => reads.everything() as Shape,
  () => reads.joined(1) as Shape,
]

const WRITES: readonly ((scheduler: Scheduler) => WriteShape)[] = [
  (scheduler) => writes.touch(1 + scheduler.below(ROWS), 'item', scheduler.random() < 0.5),
  () => writes.touch(1, 'note'),
  (scheduler) => writes.touchGroup(scheduler.below(2), scheduler.random() < 0.5),
  (scheduler) => writes.move(1 + scheduler.below(ROWS), scheduler.below(2)),
  () => writes.swapCodes(1, 2),
  () => writes.touchAll(),
]

/** What one schedule with an outage in the middle showed. */
export interface OutageRun {
  /** Reads that returned what the database held at no instant of the call, by the process that made them. */
  readonly stale: { writer: number; other: number }
  /** Store calls that failed, and hits of either process after the outage. */
  readonly failed: number
  readonly hitsAfter: { writer: number; other: number }
  readonly log: readonly string[]
}

type Member = 'writer' | 'other'

interface Simulation {
  readonly scheduler: Scheduler
  readonly database: SimulatedDatabase
  readonly members: Readonly<Record<Member, { readonly cache: Cache; readonly engine: Engine }>>
  readonly stale: { writer: number; other: number }
  readonly log: string[]
  /** The other process may be behind: what it reads is not checked. */
  behind: boolean
}

/**
 * Two processes on one store. In the middle the one that writes cannot reach it: calls, or their answers, are lost. It
 * must never read anything old itself; the other may until the first has told the store what it missed, and not after.
 * @param reportsReturn whether the store says that it is back, or the writer has to find out.
 */
export async function runOutage(seed: number, reportsReturn: boolean): Promise<OutageRun> {
  const clock = fakeClock()
  const scheduler = createScheduler(seed, () => clock.advance(200))
  const store = memoryStore({ maxEntries: 1_000, clock })
  let cut = false
  let failed = 0
  let context: StoreContext | undefined
  const failing = (): number => {
    if (cut) failed++
    return cut ? scheduler.random() : 1
  }
  const member = (faults: { failing?: () => number }) => {
    const reached = scheduledStore(store, scheduler.step, faults)
    const opened: Store = {
      ...reached,
      open(storeContext) {
        context ??= storeContext
      },
    }
    const cache = createCache({ store: opened }, { clock })
    // Somebody listens: thousands of process warnings would bury the report.
    cache.on('store-state', () => {})
    return { cache, engine: attachItems(cache) }
  }
  const simulation: Simulation = {
    scheduler,
    database: simulatedDatabase(startState(ROWS), scheduler.step),
    members: { writer: member({ failing }), other: member({}) },
    stale: { writer: 0, other: 0 },
    log: [],
    behind: false,
  }
  const everybody = [
    () => repeat(8, () => readOnce(simulation, 'writer')),
    () => repeat(8, () => readOnce(simulation, 'writer')),
    () => repeat(8, () => readOnce(simulation, 'other')),
    () => repeat(8, () => readOnce(simulation, 'other')),
    () => repeat(3, () => writeOnce(simulation)),
  ]
  const pass = (turns: number, most: number) => () =>
    repeat(turns, async () => {
      await scheduler.step()
      await clock.advance(scheduler.below(most))
    })
  await scheduler.run(everybody)
  const lost = async (): Promise<void> => {
    await repeat(scheduler.below(20), scheduler.step)
    simulation.log.push('the store is lost')
    simulation.behind = true
    cut = true
    await repeat(scheduler.below(60), scheduler.step)
    // Sometimes it comes back while all go on, and what was missed is told among them.
    if (scheduler.random() < 0.5) cut = false
  }
  await scheduler.run([...everybody, () => repeat(2, () => writeOnce(simulation)), lost, pass(40, 120)])
  cut = false
  simulation.log.push('the store is back')
  if (reportsReturn) context?.ready()
  // Longer than the marks of an unknown outcome stay up, and their renewals.
  await scheduler.run([pass(60, 4_000)])
  simulation.behind = false
  simulation.log.push('everything is told')
  const before = hitsOf(simulation)
  await scheduler.run(everybody)
  const after = hitsOf(simulation)
  const hitsAfter = { writer: after.writer - before.writer, other: after.other - before.other }
  return { stale: simulation.stale, failed, hitsAfter, log: simulation.log }
}

function hitsOf({ members: { writer, other } }: Simulation): { writer: number; other: number } {
  return { writer: writer.cache.stats().hits, other: other.cache.stats().hits }
}

async function repeat(times: number, action: () => Promise<void>): Promise<void> {
  for (let time = 0; time < times; time++) await action()
}

async function readOnce(simulation: Simulation, who: Member): Promise<void> {
  const { scheduler, database, log, members, stale } = simulation
  await scheduler.step()
  const shape = (READS[scheduler.below(READS.length)] as (typeof READS)[number])(scheduler)
  const { cache, engine } = members[who]
  const began = database.states.length - 1
  const mustMatch = who === 'writer' || !simulation.behind
  log.push(`${who} reads ${shape.name}`)
  const { result, reads: reports } = await cache.explain(() =>
    engine.read(readPlan(engine, shape, database.read)),
  )
  const text = JSON.stringify(result)
  log.push(`${who} read ${shape.name}: ${text} ${reports[0]?.reason ?? reports[0]?.source}`)
  const possible = database.states.slice(began)
  if (!mustMatch || possible.some((state) => JSON.stringify(shape.query(state)) === text)) return
  stale[who]++
  log.push(`^ STALE`)
}

async function writeOnce({ scheduler, database, log, members: { writer } }: Simulation): Promise<void> {
  await repeat(scheduler.below(30), scheduler.step)
  const shape = (WRITES[scheduler.below(WRITES.length)] as (typeof WRITES)[number])(scheduler)
  const { engine, cache } = writer
  const chance = scheduler.random()
  if (chance < 0.1) {
    log.push('invalidate')
    return cache.invalidate(chance < 0.03 ? { all: true } : { tables: ['item'] })
  }
  log.push(`write ${shape.name}`)
  if (chance < 0.3) {
    const scope = engine.transaction(chance < 0.2 ? 'late' : 'early')
    const transaction = database.begin()
    await engine.write(writePlan(shape, transaction.write), scope)
    await scope.seal()
    await transaction.commit()
    await scope.end('committed')
  } else {
    const run = async (mutation: WriteShape['mutation']) => {
      if (chance < 0.34) throw new Refused()
      if (chance > 0.38) return database.write(mutation)
      // The client gives up, and the server goes on.
      void database.write(mutation)
      throw new Error('connection lost')
    }
    await engine.write(writePlan(shape, run)).catch(() => [])
  }
  log.push(`written ${shape.name}`)
}
