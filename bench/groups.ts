import type { Context } from './context.ts'
import { benchEngine } from './engine.ts'
import { benchDrizzle } from './orm/drizzle.ts'
import { benchDrizzleHits } from './orm/drizzle-hits.ts'
import { benchPrisma } from './orm/prisma.ts'
import { benchPrismaHits } from './orm/prisma-hits.ts'
import { benchPrecision } from './precision.ts'
import { benchBurst } from './valkey/burst.ts'
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
  memory: { about: 'memory of the server', quick: true, run: benchMemory },
  precision: { about: 'hits with dependencies by row and by table', quick: false, run: benchPrecision },
  'write-through': { about: 'display of rows that are written', quick: false, run: benchWriteThrough },
  herds: { about: 'many readers of one key in several processes', quick: false, run: benchHerds },
  writes: { about: 'writes among many other keys', quick: false, run: benchWrites },
  seen: { about: 'how soon another process sees a write', quick: false, run: benchSeen },
  catalogue: { about: 'steady load, and mass expiry', quick: false, run: benchHeadline },
} as const satisfies Readonly<Record<string, Group>>

export type GroupName = keyof typeof GROUPS

export function isGroup(name: string): name is GroupName {
  return Object.hasOwn(GROUPS, name)
}
