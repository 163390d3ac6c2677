import type { Random } from '../random.ts'

/** Servers with one thread each, which work off what they are asked in order. */
export interface Shards {
  /** Of a table: its record and cells share a slot, and the slot is as good as random. */
  ofTable(table: number): number
  /** Of an entry, which has a slot of its own. */
  ofEntry(entry: number): number
  /** @returns seconds from `now` until the shard has done what takes it `ns`. */
  ask(shard: number, now: number, ns: number): number
  /** How often any was asked. */
  asked(): number
  /** Seconds that each has worked. */
  busy(): readonly number[]
}

/** Spreads consecutive numbers (Knuth). */
const MULTIPLIER = 2_654_435_761

export function createShards(count: number, tables: number, random: Random): Shards {
  const ofTables = Array.from({ length: tables + 1 }, () => Math.floor(random() * count))
  const busy = Array.from({ length: count }, () => 0)
  const free = Array.from({ length: count }, () => 0)
  let asked = 0
  return {
    ofTable: (table) => ofTables[table] ?? 0,
    ofEntry: (entry) => Math.floor(((Math.imul(entry, MULTIPLIER) >>> 0) / 2 ** 32) * count),
    ask(shard, now, ns) {
      asked++
      const seconds = ns / 1e9
      free[shard] = Math.max(now, free[shard] ?? 0) + seconds
      busy[shard] = (busy[shard] ?? 0) + seconds
      return free[shard] - now
    },
    asked: () => asked,
    busy: () => busy,
  }
}
