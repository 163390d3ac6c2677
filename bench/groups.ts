import type { Context } from './context.ts'
import { benchEngine } from './engine.ts'
import { benchDrizzle } from './orm/drizzle.ts'
import { benchDrizzleHits } from './orm/drizzle-hits.ts'
import { benchMisses } from './orm/misses.ts'
import { benchPrisma } from './orm/prisma.ts'
import { benchPrismaHits } from './orm/prisma-hits.ts'
import { benchStorm } from './orm/storm.ts'
import { benchUpdates } from './orm/updates.ts'
import { benchPrecision } from './precision.ts'
import { benchHeap } from './process/heap.ts'
import { benchImports } from './process/imports.ts'
import { benchScale } from './scale/scale.ts'
import { benchBurst } from './valkey/burst.ts'
import { benchCost } from './valkey/cost.ts'
import { benchExpiry } from './valkey/expiry.ts'
import { benchHeadline } from './valkey/headline.ts'
import { benchHerds } from './valkey/herds.ts'
import { benchHits } from './valkey/hits.ts'
import { benchMemory } from './valkey/memory.ts'
import { benchSeen } from './valkey/seen.ts'
import { benchThroughput } from './valkey/throughput.ts'
import { benchWrites } from './valkey/writes.ts'
import { benchWriteThrough } from './write-through.ts'

export interface Group {
  /** In a line. */
  readonly about: string
  /** Part of a run with `--quick`. */
  readonly quick: boolean
  run(context: Context): Promise<void>
}

/** In the order of a run. */
export const GROUPS = {
  engine: { about: 'hits in memory, without an ORM', quick: true, run: benchEngine },
  drizzle: { about: 'hits of Drizzle in memory', quick: true, run: benchDrizzle },
  prisma: { about: 'hits of Prisma in memory', quick: true, run: benchPrisma },
  hits: { about: 'hits from the store, one at a time', quick: true, run: benchHits },
  throughput: { about: 'hits from the store, many in flight', quick: true, run: benchThroughput },
  'drizzle-hits': { about: "Drizzle's hits from the store", quick: true, run: benchDrizzleHits },
  'prisma-hits': { about: "Prisma's hits from the store", quick: true, run: benchPrismaHits },
  burst: { about: 'thousands of requests at once', quick: true, run: benchBurst },
  misses: { about: 'lists that miss, by Prisma and by Drizzle', quick: true, run: benchMisses },
  updates: { about: 'updates by id, by Prisma and by Drizzle', quick: true, run: benchUpdates },
  storm: { about: 'one list under many writes', quick: true, run: benchStorm },
  cost: { about: 'CPU, bytes and allocations of a hit', quick: true, run: benchCost },
  imports: { about: 'how long the packages take to load', quick: true, run: benchImports },
  heap: { about: 'memory of this process for a kept row', quick: true, run: benchHeap },
  memory: { about: 'memory of the server', quick: true, run: benchMemory },
  scale: { about: 'unit costs of the server, and a simulated fleet', quick: false, run: benchScale },
  precision: { about: 'hits with dependencies by row and by table', quick: false, run: benchPrecision },
  'write-through': { about: 'display of rows that are written', quick: false, run: benchWriteThrough },
  herds: { about: 'many readers of one key in several processes', quick: false, run: benchHerds },
  writes: { about: 'writes among many other keys', quick: false, run: benchWrites },
  seen: { about: 'how soon another process sees a write', quick: false, run: benchSeen },
  catalogue: { about: 'a catalogue under steady load', quick: false, run: benchHeadline },
  expiry: { about: 'many entries expire at once', quick: false, run: benchExpiry },
} as const satisfies Readonly<Record<string, Group>>

export type GroupName = keyof typeof GROUPS

export function isGroup(name: string): name is GroupName {
  return Object.hasOwn(GROUPS, name)
}
