import { type Cache, type CacheOptions, createCache, type PolicyOptions } from '@larder/core'
import type { Engine, LookupKey, Policy } from '@larder/core/host'
import type { Store } from '@larder/core/store'
import {
  createFeed,
  createScheduler,
  type FakeClock,
  fakeClock,
  followedStore,
  type Observation,
  type ScheduleFaults,
  type Scheduler,
  type StaleRead,
  scheduledStore,
} from '@larder/testing'
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
  type Query,
  type Row,
  type SimulatedDatabase,
  simulatedDatabase,
  startState,
} from '../support/simulated-database.ts'
import { bounded, type Knowledge, shared as sharedKnowledge } from './knowledge.ts'

const ROWS = 3

export interface Setting {
  /** The store all processes share. */
  readonly store: (scheduler: Scheduler) => Store
  /** Lookup keys of the host in each process. */
  readonly processes: readonly (readonly LookupKey[])[]
  readonly faults?: (scheduler: Scheduler) => ScheduleFaults
  /** Kinds of reads and writes; else a few at random per schedule. */
  readonly reads?: readonly (keyof typeof READS)[]
  readonly writes?: readonly (keyof typeof WRITES)[]
  /** Time passes while things happen. */
  readonly timePasses?: boolean
  /** Default `'off'`. With `'push'` the server tells of changes up to a second late, and time has to pass. */
  readonly memory?: NonNullable<NonNullable<CacheOptions['memory']>['mode']>
  /** Rows that are written are stored. */
  readonly through?: boolean
  /** Policy of most reads; the others are strict. Default: all are. */
  readonly policy?: PolicyOptions
  /** How old the results of reads under `policy` may be, in milliseconds, for other processes than the writer. Default: 0. */
  readonly staleness?: number
}

/**
 * The longest that `push` may show what another process has changed, in milliseconds. It is the server's word that is
 * bounded, so it may be less than the real one: more of them go by in one schedule.
 */
const BOUND = 150

export interface ScheduleRun {
  /** Reads that returned less than was known when they began. */
  readonly stale: readonly StaleRead[]
  /** Reads whose result the database never held at any instant of the call. */
  readonly impossible: readonly string[]
  /** Rows that are still shown as they are no longer, when everything is over. */
  readonly surviving: readonly string[]
  readonly reads: number
  readonly hits: number
  /** Hits with an expired entry. */
  readonly expired: number
  readonly log: readonly string[]
}

interface Process {
  readonly index: number
  readonly cache: Cache
  readonly engine: Engine
}

interface Simulation extends Omit<Setting, 'reads' | 'writes'> {
  readonly scheduler: Scheduler
  readonly database: SimulatedDatabase
  readonly members: readonly Process[]
  readonly history: Knowledge
  /** For reads under the policy. */
  readonly relaxed: Knowledge
  readonly impossible: string[]
  readonly log: string[]
  readonly reads: readonly (keyof typeof READS)[]
  readonly writes: readonly (keyof typeof WRITES)[]
}

/** Readers and writers of a small database in a random order that `seed` decides down to every await. */
export async function runSchedule(seed: number, setting: Setting): Promise<ScheduleRun> {
  const clock: FakeClock = fakeClock(() => scheduler.random())
  const { memory = 'off' } = setting
  const advance = async (ms: number): Promise<void> => {
    await clock.advance(ms)
    for (const history of [simulation.history, simulation.relaxed])
      history.passed(simulation.database.states.length)
  }
  const scheduler = createScheduler(seed, setting.timePasses ? () => advance(200) : undefined)
  const shared = setting.store(scheduler)
  // In every second schedule the server's messages take their time, some longer than leases wait for them.
  const late = memory === 'push' && scheduler.random() < 0.5
  const send = (deliver: () => void): void => {
    if (late) clock.after(scheduler.below(2 * BOUND), deliver)
    else void scheduler.step().then(deliver)
  }
  const feed = createFeed({ now: clock.now, maxAge: BOUND, send })
  const count = setting.processes.length
  const history = memory === 'push' ? bounded(clock, count, BOUND) : sharedKnowledge()
  const simulation: Simulation = {
    ...setting,
    scheduler,
    database: simulatedDatabase(startState(ROWS), scheduler.step),
    history,
    relaxed: setting.staleness ? bounded(clock, count, setting.staleness) : history,
    impossible: [],
    log: [],
    reads: setting.reads ?? some(scheduler, READS, 3),
    writes: setting.writes ?? some(scheduler, WRITES, 4),
    members: setting.processes.map((keys, index) => {
      const server = memory === 'push' ? followedStore(shared, feed) : shared
      const store = scheduledStore(server, scheduler.step, setting.faults?.(scheduler))
      const cache = createCache({ store, memory: { mode: memory } }, { clock })
      // Somebody listens: thousands of process warnings would bury the report.
      cache.on('store-state', () => {})
      return { index, cache, engine: attachItems(cache, keys) }
    }),
  }
  const readers = Array.from({ length: 3 }, () => () => repeat(8, () => readOnce(simulation)))
  const writers = Array.from({ length: 2 }, () => () => repeat(2, () => writeOnce(simulation)))
  const time = async (): Promise<void> => {
    // Small steps where reads are checked by time: neither may a call of the store take longer than a read waits for it, nor
    // the marks of a transaction longer than its budget. After that others may read what was there before the COMMIT.
    const [turns, most] = setting.policy ? [160, 10] : memory === 'push' ? [80, 30] : [40, 120]
    for (let turn = 0; turn < turns; turn++) {
      await scheduler.step()
      await advance(scheduler.below(most))
    }
  }
  await scheduler.run([...readers, ...writers, ...(setting.timePasses ? [time] : [])])
  let [total, hits, stale] = [0, 0, 0]
  for (const { cache } of simulation.members) {
    const stats = cache.stats()
    total += stats.reads
    hits += stats.hits
    stale += stats.stale
    if (stats.reads !== stats.hits + stats.misses + stats.bypasses)
      simulation.impossible.push('counters do not add up')
  }
  const surviving = await survivors(simulation, clock)
  const { impossible, log } = simulation
  const staleReads = new Set([...simulation.history.stale, ...simulation.relaxed.stale])
  return { stale: [...staleReads], impossible, surviving, reads: total, hits, expired: stale, log }
}

/** What is still shown when everybody is done. Of `push` nothing: what a server has not told of yet may be shown. */
async function survivors(simulation: Simulation, clock: FakeClock): Promise<readonly string[]> {
  const { scheduler, members, memory, through } = simulation
  const surviving: string[] = []
  if (!through || memory === 'push') return surviving
  // Past the time after which writes of unknown outcome are finished.
  for (let second = 0; second < 65; second++) {
    await clock.advance(1_000)
    await scheduler.run([])
  }
  await scheduler.run(members.map((member) => () => lookAround(simulation, member, surviving)))
  return surviving
}

/** Nobody writes any more: whatever a read returns now is what the database holds. */
async function lookAround(
  simulation: Simulation,
  { cache, engine, index }: Process,
  surviving: string[],
): Promise<void> {
  const { database } = simulation
  const now = database.states.at(-1)
  if (!now) return
  const ids = Array.from({ length: ROWS }, (_, at) => at + 1)
  const all = [
    reads.byId(1, 'note'),
    ...ids.map((id) => reads.byId(id)),
    ...ids.map((id) => reads.byCode(`c${id}`)),
    ...ids.map((id) => reads.withNote(`c${id}`)),
    reads.withItems('n1'),
  ] as readonly ReadShape<Row | null | Row[]>[]
  for (const shape of all) {
    const { result, reads: reports } = await cache.explain(() =>
      engine.read(readPlan(engine, shape, async (query) => query(now))),
    )
    simulation.log.push(
      `${index}: ${shape.name} is ${JSON.stringify(result)} ${reports[0]?.reason ?? reports[0]?.source}`,
    )
    if (JSON.stringify(result) !== JSON.stringify(shape.query(now)))
      surviving.push(`${index}: ${shape.name} is still ${JSON.stringify(result)}`)
  }
}

async function repeat(times: number, action: () => Promise<void>): Promise<void> {
  for (let time = 0; time < times; time++) await action()
}

function pick<T>(simulation: Simulation, from: readonly T[]): T {
  return from[simulation.scheduler.below(from.length)] as T
}

/** A few kinds per schedule: what would rarely meet among all of them meets often. */
function some<K extends string>(
  scheduler: Scheduler,
  kinds: Readonly<Record<K, unknown>>,
  most: number,
): readonly K[] {
  const names = Object.keys(kinds) as K[]
  return Array.from({ length: 1 + scheduler.below(most) }, () => names[scheduler.below(names.length)] as K)
}

const READS = {
  one: () => reads.byId(1),
  any: (scheduler) => reads.byId(1 + scheduler.below(ROWS)),
  group: () => reads.byGroup(0),
  anyGroup: (scheduler) => reads.byGroup(scheduler.below(2)),
  code: (scheduler) => reads.byCode(`c${1 + scheduler.below(2)}`),
  two: () => reads.byIds([1, 2]),
  all: () => reads.everything(),
  joined: () => reads.joined(1),
  inTwo: () => reads.inTwo(1),
  withNote: (scheduler) => reads.withNote(`c${1 + scheduler.below(2)}`),
  withItems: () => reads.withItems('n1'),
} satisfies Record<string, (scheduler: Scheduler) => ReadShape<Row | null> | ReadShape<Row[]>>

async function readOnce(simulation: Simulation): Promise<void> {
  const { database, scheduler, policy } = simulation
  const { index, cache, engine } = pick(simulation, simulation.members)
  const options = policy && scheduler.random() < 0.7 ? policy : undefined
  const history = options ? simulation.relaxed : simulation.history
  const shape = READS[pick(simulation, simulation.reads)](simulation.scheduler) as ReadShape<
    Row | null | Row[]
  >
  await scheduler.step()
  const began = history.oldest(database.states.length)
  const ended = history.reading(index, shape.name)
  simulation.log.push(`${index}: read ${shape.name} begins`)
  const { result, reads: reports } = await cache.explain(() =>
    engine.read(readPlan(engine, shape, loader(database, shape), options && { options })),
  )
  simulation.log.push(
    `${index}: read ${shape.name} returns ${JSON.stringify(result)} ${reports[0]?.reason ?? reports[0]?.source}`,
  )
  const possible = database.states.slice(began)
  // Several statements that ran just now may have seen several instants; a hit may not.
  const torn = shape.severalStatements && reports[0]?.source === 'database'
  if (!torn && !possible.some((state) => JSON.stringify(shape.query(state)) === JSON.stringify(result)))
    simulation.impossible.push(`${shape.name} returned ${JSON.stringify(result)}`)
  const rows = observed([result].flat().filter((row) => row !== null))
  ended(rows)
  // Whatever anybody has seen, later strict reads must show.
  for (const other of [simulation.history, simulation.relaxed]) if (other !== history) other.wrote(-1, rows)
}

function loader(database: SimulatedDatabase, shape: ReadShape<Row | null | Row[]>) {
  return async (query: Query<Row | null | Row[]>): Promise<Row | null | Row[]> => {
    if (!shape.parts) return database.read(query)
    const results: Row[] = []
    for (const part of shape.parts) results.push(...(await database.read(part)))
    return results
  }
}

/** The first letter of its code tells which table a row is of. */
function observed(rows: readonly Row[]): readonly Observation[] {
  return rows.map((row) => ({
    row: `${row.code.startsWith('n') ? 'note' : 'item'} ${row.id}`,
    version: row.v,
  }))
}

const WRITES = {
  one: (scheduler) => writes.touch(1, 'item', coin(scheduler)),
  oneReturning: () => writes.touch(1, 'item', true),
  any: (scheduler) => writes.touch(1 + scheduler.below(ROWS), 'item', coin(scheduler)),
  code: (scheduler) => writes.touchCode(`c${1 + scheduler.below(2)}`, coin(scheduler)),
  note: (scheduler) => writes.touch(1, 'note', coin(scheduler)),
  group: (scheduler) => writes.touchGroup(scheduler.below(2), coin(scheduler)),
  move: (scheduler) => writes.move(1 + scheduler.below(ROWS), scheduler.below(2), coin(scheduler)),
  swap: () => writes.swapCodes(1, 2),
  all: () => writes.touchAll(),
  raw: (scheduler) => writes.raw(1 + scheduler.below(ROWS)),
  remove: () => writes.remove(ROWS),
  insert: (scheduler) => writes.insert(ROWS, scheduler.below(2)),
} satisfies Record<string, (scheduler: Scheduler) => WriteShape>

function coin(scheduler: Scheduler): boolean {
  return scheduler.random() < 0.5
}

async function writeOnce(simulation: Simulation): Promise<void> {
  const { scheduler } = simulation
  const process = pick(simulation, simulation.members)
  // Entries have to be there before a write can make them stale.
  await repeat(scheduler.below(30), scheduler.step)
  const chance = scheduler.random()
  if (chance < 0.6) await writeAlone(simulation, process)
  else if (chance < 0.95) await writeInTransaction(simulation, process)
  else
    await process.cache.invalidate(
      pick(simulation, [{ tables: ['item'] }, { tables: ['note'] }, { all: true }]),
    )
}

function policyOf({ through }: Simulation, engine: Engine): Policy | undefined {
  return through ? engine.policy({ ttl: '10m', jitter: 0, write: 'through' }, 'models.Item') : undefined
}

async function writeAlone(simulation: Simulation, { engine, index }: Process): Promise<void> {
  const { database, scheduler, log } = simulation
  const shape = WRITES[pick(simulation, simulation.writes)](simulation.scheduler)
  const chance = scheduler.random()
  const run = async (mutation: WriteShape['mutation']) => {
    if (chance < 0.04) throw new Refused()
    if (chance < 0.1) {
      // The client gives up; the server may go on and commit at any later moment, or not.
      if (chance < 0.08) void database.write(mutation)
      await scheduler.step()
      throw new Error('connection lost')
    }
    return database.write(mutation)
  }
  log.push(`${index}: write ${shape.name} begins`)
  const rows = await engine.write(writePlan(shape, run, policyOf(simulation, engine))).catch(() => [])
  log.push(`${index}: write ${shape.name} returns ${chance < 0.1 ? 'an error' : JSON.stringify(rows)}`)
  wrote(simulation, index, rows)
}

function wrote({ history, relaxed }: Simulation, index: number, rows: readonly Row[]): void {
  for (const knowledge of new Set([history, relaxed])) knowledge.wrote(index, observed(rows))
}

async function writeInTransaction(simulation: Simulation, { cache, engine, index }: Process): Promise<void> {
  const { database, scheduler, log } = simulation
  const scope = engine.transaction(scheduler.random() < 0.7 ? 'late' : 'early')
  const transaction = database.begin()
  const rows: Row[] = []
  await engine.inside(scope, async () => {
    for (let statement = scheduler.below(3); statement >= 0; statement--) {
      const shape = WRITES[pick(simulation, simulation.writes)](simulation.scheduler)
      log.push(`${index}: transaction ${shape.name}`)
      rows.push(
        ...(await engine.write(writePlan(shape, transaction.write, policyOf(simulation, engine)), scope)),
      )
      if (scheduler.random() < 0.1) await cache.invalidate({ tables: ['note'] })
    }
  })
  const chance = scheduler.random()
  if (chance < 0.2) {
    await transaction.rollback()
    return scope.end('failed')
  }
  await scope.seal()
  if (chance < 0.26) {
    // COMMIT was sent and its answer lost: it happens later, or it does not.
    void (chance < 0.23 ? transaction.commit() : transaction.rollback())
    await scheduler.step()
    return scope.end('unknown')
  }
  await transaction.commit()
  log.push(`${index}: transaction committed ${JSON.stringify(rows)}`)
  await scope.end('committed')
  wrote(simulation, index, rows)
}
