import type { Random } from '../random.ts'

/** Servers with one thread each, which work off what they are asked in order. */
export interface Shards {
  /** Of a table: its record and cells share a slot, and the slot is as good as random. */
  ofTable(table: number): number
  /** Of an entry: any. */
  any(): number
  /** @returns seconds from `now` until the shard has done what takes it `ns`. */
  ask(shard: number, now: number, ns: number): number
  /** Seconds that each has worked. */
  busy(): readonly number[]
}

export function createShards(count: number, tables: number, random: Random): Shards {
  const any = (): number => Math.floor(random() * count)
  const ofTables = Array.from({ length: tables + 1 }, any)
  const busy = Array.from({ length: count }, () => 0)
  const free = Array.from({ length: count }, () => 0)
  return {
    ofTable: (table) => ofTables[table] ?? 0,
    any,
    ask(shard, now, ns) {
      const seconds = ns / 1e9
      free[shard] = Math.max(now, free[shard] ?? 0) + seconds
      busy[shard] = (busy[shard] ?? 0) + seconds
      return free[shard] - now
    },
    busy: () => busy,
  }
}
