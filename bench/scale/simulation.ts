import { type Random, seededRandom } from '../random.ts'
import { quantile } from '../statistics.ts'
import { zipf } from '../valkey/traffic.ts'
import { createEntries, type Entries, type Look } from './entries.ts'
import type { Fleet } from './fleet.ts'
import { entryOf, ratesOf } from './rates.ts'
import { createRecords, type Records } from './records.ts'
import { createShards, type Shards } from './shards.ts'
import { costOf, type UnitCosts } from './unit-costs.ts'

export interface Simulated {
  /** Of all reads; a read that a check of the store answers counts as a hit. */
  readonly hits: number
  /** Share of the reads for which the process asks a shard, refreshes in the background included. */
  readonly asks: number
  /** Queries in a second that the database answers. */
  readonly loads: number
  /** Share of the time in which the busiest shard, and the mean one, works. Above 1: it cannot. */
  readonly busiest: number
  readonly mean: number
  /** Ms that a read waits for the shards it asks, the network not included. */
  readonly p99: number
  /** Share of one core that a process needs for its reads. */
  readonly client: number
  /** Packets to shards in a second, if none were shared. */
  readonly packets: number
}

/** Seconds that are counted, and before them, so that queues and records are as they will be. */
const LENGTH = 2
const WARM_UP = 1
const SEED = 20_251_129
/** Seconds from a process to a shard and back. */
const ROUND_TRIP = 0.000_5
/** As Larder renews a result for `maxStaleness`: this much earlier than an entry before its `ttl`. */
const EARLIER = 5

interface World {
  readonly fleet: Fleet
  readonly costs: UnitCosts
  readonly shards: Shards
  readonly entries: Entries
  readonly records: Records
  readonly random: Random
}

interface Outcome {
  /** Seconds that the caller waits for shards. */
  readonly wait: number
  readonly asks: boolean
  readonly load: boolean
}

const SERVED_LOCALLY: Outcome = { wait: 0, asks: false, load: false }

/**
 * Lets every process read and write at random times, and every shard work off what it is asked in order. Time is a
 * number here: nothing is measured.
 */
export function simulate(fleet: Fleet, costs: UnitCosts): Simulated {
  const random = seededRandom(SEED)
  const world: World = {
    fleet,
    costs,
    shards: createShards(fleet.shards, fleet.tables, random),
    entries: createEntries(fleet.processes, ratesOf(fleet), random),
    records: createRecords(fleet.processes, fleet.query / 1_000),
    random,
  }
  const next = traffic(fleet, random)
  const waits: number[] = []
  let [loads, asks, idle, asked] = [0, 0, world.shards.busy(), 0]
  for (let now = 0; now < WARM_UP + LENGTH; ) {
    const operation = next()
    if (now < WARM_UP && now + operation.after >= WARM_UP) {
      idle = [...world.shards.busy()]
      asked = world.shards.asked()
    }
    now += operation.after
    if (operation.writes) write(world, now, operation)
    else {
      const outcome = read(world, now, operation)
      if (now < WARM_UP) continue
      waits.push(outcome.wait)
      if (outcome.asks) asks++
      if (outcome.load) loads++
    }
  }
  const busy = world.shards.busy().map((seconds, at) => (seconds - (idle[at] ?? 0)) / LENGTH)
  return {
    hits: 1 - loads / waits.length,
    asks: asks / waits.length,
    loads: loads / LENGTH,
    busiest: Math.max(...busy),
    mean: busy.reduce((sum, each) => sum + each, 0) / fleet.shards,
    packets: (world.shards.asked() - asked) / LENGTH,
    p99: quantile(waits, 0.99) * 1_000,
    client: (fleet.reads * clientNs(world, asks / waits.length)) / 1e9,
  }
}

function clientNs({ fleet: { mode, together }, costs: { client } }: World, asked: number): number {
  const asking = costOf(mode === 'off' ? client.off : client.validate, together)
  return asked * asking + (1 - asked) * costOf(client.push, together)
}

interface Operation {
  /** Seconds after the one before. */
  readonly after: number
  readonly process: number
  readonly table: number
  /** 0 stands for the list of the table. */
  readonly row: number
  readonly writes: boolean
}

function traffic(fleet: Fleet, random: Random): () => Operation {
  const [pickTable, pickRow] = [zipf(fleet.tables, random), zipf(fleet.rows, random)]
  const each = fleet.reads + fleet.writes
  return () => {
    const writes = random() < fleet.writes / each
    return {
      after: -Math.log(1 - random()) / (fleet.processes * each),
      process: Math.floor(random() * fleet.processes),
      table: pickTable(),
      row: !writes && random() < fleet.lists ? 0 : pickRow(),
      writes,
    }
  }
}

/** Invalidates the row and the list. With `push`, the server notifies every process, whatever it has in memory. */
function write(
  { fleet, costs, shards, entries, records }: World,
  now: number,
  { process, table, row }: Operation,
): void {
  for (const each of [row, 0]) entries.write(entryOf(table, each, fleet), process, now)
  records.write(table, now)
  const notifying = fleet.mode === 'push' ? fleet.processes * costs.notify : 0
  // Its mark and its finish.
  const half = (costOf(costs.write, fleet.together) + notifying) / 2
  for (const _ of [1, 2]) shards.ask(shards.ofTable(table), now, half)
}

function read(world: World, now: number, operation: Operation): Outcome {
  const { fleet, entries, records } = world
  const { process, table, row } = operation
  const look = entries.look(entryOf(table, row, fleet), process, now)
  const remaining = fleet.maxStaleness / 1_000 - look.age
  if (remaining > 0) {
    if (!isDue(world, remaining, look.cost)) return SERVED_LOCALLY
    // In the background: the caller has its result.
    return { ...ask(world, now, operation, look), wait: 0 }
  }
  if (fleet.mode === 'push' && look.inMemory === 'current' && records.isKnown(table, process, now))
    return SERVED_LOCALLY
  return ask(world, now, operation, look)
}

/** Whether a result is to be renewed before it is too old. The rule of packages/core/src/pipeline/recent.ts. */
function isDue({ fleet, random }: World, remaining: number, cost: number): boolean {
  if (remaining >= fleet.maxStaleness / 2_000) return false
  return remaining < -Math.log(1 - random()) * cost * EARLIER
}

/** Asks the table's shard for versions and the entry's shard for the entry, as far as they are needed, and loads. */
function ask(world: World, now: number, { process, table, row }: Operation, look: Look): Outcome {
  const { fleet, costs, shards, entries, records } = world
  const { together, mode } = fleet
  const entry = entryOf(table, row, fleet)
  const [atTable, atEntry] = [shards.ofTable(table), shards.ofEntry(entry)]
  const versions = (): number => shards.ask(atTable, now, costOf(costs.validate, together))
  const versionsAndEntry = (): number =>
    atTable === atEntry
      ? shards.ask(atTable, now, costOf(costs.fetch, together))
      : Math.max(versions(), shards.ask(atEntry, now, costOf(costs.get, together)))
  let wait = 0
  // With push, the process has dropped an entry that another has replaced in the store.
  const isHeld = mode !== 'off' && look.inMemory !== 'absent'
  const isKnownToBeOld = mode === 'push' && look.inMemory === 'outdated' && look.stored
  const validates = isHeld && !isKnownToBeOld
  if (validates) wait = versions()
  if (!validates || look.inMemory === 'outdated') wait = Math.max(wait, versionsAndEntry())
  if (!look.stored) {
    // The last write has removed the row's cell, so the load makes a new one.
    if (row !== 0) wait = Math.max(wait, shards.ask(atTable, now, costOf(costs.seed, together)))
    // What was loaded is stored. With push, every process is notified of that, too: half of what a write causes.
    const notifying = mode === 'push' ? (fleet.processes * costs.notify) / 2 : 0
    shards.ask(atEntry, now, costOf(costs.set, together) + notifying)
  }
  entries.keep(entry, process, now, ROUND_TRIP + (look.stored ? 0 : fleet.query / 1_000))
  records.learn(table, process, now)
  return { wait, asks: true, load: !look.stored }
}
