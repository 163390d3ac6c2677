import { type Random, seededRandom } from '../random.ts'
import { quantile } from '../statistics.ts'
import { zipf } from '../valkey/traffic.ts'
import { createEntries, type Entries } from './entries.ts'
import { createShards, type Shards } from './shards.ts'
import { costOf, type UnitCosts } from './unit-costs.ts'

/** A fleet and its load. */
export interface Fleet {
  readonly processes: number
  readonly shards: number
  readonly tables: number
  /** Of each table. */
  readonly rows: number
  /** Of each process, in a second. */
  readonly reads: number
  readonly writes: number
  /** Commands that a process sends together. */
  readonly together: number
  /** Share of reads that depend on a whole table, as a list without a filter by key. */
  readonly lists: number
  readonly mode: 'off' | 'validate' | 'push'
  /** Ms. 0: strict. */
  readonly maxStaleness: number
}

export interface Simulated {
  /** Of all reads; a read that a check of the store answers counts as a hit. */
  readonly hits: number
  /** Queries in a second that the database answers. */
  readonly loads: number
  /** Share of the time in which the busiest shard, and the mean one, works. */
  readonly busiest: number
  readonly mean: number
  /** Ms that a hit waits for the shards it asks, the way to them not included. 0: it asks none. */
  readonly p99: number
  /** Share of one core that a process needs for its hits. */
  readonly client: number
}

/** Seconds of the fleet's life, and before it, so that hot entries are there. */
const LENGTH = 2
const WARM_UP = 1
const SEED = 20_251_129

interface World {
  readonly fleet: Fleet
  readonly costs: UnitCosts
  readonly shards: Shards
  readonly entries: Entries
}

/** A read: how long it waits for shards, in seconds, and whether the database answers it. */
interface Read {
  readonly wait: number
  readonly load: boolean
}

/**
 * Lets every process read and write at random times, and every shard work off what it is asked in order. Time is a
 * number here: nothing is measured.
 */
export function simulate(fleet: Fleet, costs: UnitCosts): Simulated {
  const random = seededRandom(SEED)
  const shards = createShards(fleet.shards, fleet.tables, random)
  const world: World = { fleet, costs, shards, entries: createEntries(fleet.processes) }
  const next = traffic(fleet, random)
  const waits: number[] = []
  let [loads, idle] = [0, shards.busy()]
  for (let now = 0; now < WARM_UP + LENGTH; ) {
    const one = next()
    if (now < WARM_UP && now + one.after >= WARM_UP) idle = [...shards.busy()]
    now += one.after
    if (one.writes) write(world, now, one.table, one.row)
    else {
      const { wait, load } = read(world, now, one)
      if (now < WARM_UP) continue
      waits.push(wait)
      if (load) loads++
    }
  }
  const busy = shards.busy().map((seconds, at) => (seconds - (idle[at] ?? 0)) / LENGTH)
  return {
    hits: 1 - loads / waits.length,
    loads: loads / LENGTH,
    busiest: Math.max(...busy),
    mean: busy.reduce((sum, one) => sum + one, 0) / fleet.shards,
    p99: quantile(waits, 0.99) * 1_000,
    client: (fleet.reads * costs.client[fleet.mode]) / 1e9,
  }
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

/** Invalidates the row and the list. */
function write({ fleet, costs, shards, entries }: World, now: number, table: number, row: number): void {
  const shard = shards.ofTable(table)
  for (const each of [row, 0]) {
    const told = entries.invalidate(entryOf(table, each, fleet))
    if (told > 0) shards.ask(shard, now, told * costs.notify)
  }
  shards.ask(shard, now, costOf(costs.write, fleet.together))
}

function read(
  { fleet, costs, shards, entries }: World,
  now: number,
  { process, table, row }: Operation,
): Read {
  const entry = entryOf(table, row, fleet)
  const { inMemory, stored, age } = entries.look(entry, process, now)
  // Served without a word to the server.
  if (fleet.maxStaleness > 0 && age <= fleet.maxStaleness / 1_000) return { wait: 0, load: false }
  if (fleet.mode === 'push' && inMemory) return { wait: 0, load: false }
  const validate = costOf(costs.validate, fleet.together)
  const transfer = Math.max(0, costOf(costs.fetch, fleet.together) - validate)
  let wait = shards.ask(shards.ofTable(table), now, validate)
  if (fleet.mode === 'off' || !inMemory) wait = Math.max(wait, shards.ask(shards.any(), now, transfer))
  // What was loaded is stored.
  if (!stored) shards.ask(shards.any(), now, transfer)
  entries.keep(entry, process, now, fleet.mode === 'push')
  return { wait, load: !stored }
}

function entryOf(table: number, row: number, { rows }: Fleet): number {
  return table * (rows + 1) + row
}
