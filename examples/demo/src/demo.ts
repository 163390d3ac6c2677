import type { Source } from '@larder/core'
import { cachedStrikes } from './cached.ts'
import { type Database, openDatabase } from './database.ts'
import { runLoad } from './load.ts'
import type { Measured } from './measure.ts'
import { type Catalogue, normalise } from './normalise.ts'
import { startProgress } from './progress.ts'
import { readRecords } from './records.ts'
import type { Screen } from './screen.ts'
import { seed } from './seed.ts'
import { createShadow } from './shadow.ts'
import type { Place } from './store.ts'
import { type Strikes, strikesOf } from './strikes.ts'
import { count } from './table.ts'
import { workload } from './workload.ts'

export interface DemoOptions {
  readonly screen: Screen
  /** The run closes its store. */
  readonly place: Place
  readonly signal: AbortSignal
  /** At most this many reports of the file. */
  readonly rows: number
  /** At most this many operations in a run… */
  readonly operations: number
  /** …and at most this many ms. */
  readonly limit: number
}

/** What there is to show: all of it, or what was done before the signal. */
export interface Outcome {
  readonly rows: number
  readonly seeded: number
  readonly without?: Measured
  readonly cached?: Measured
  /** How many reads of the run with the cache were answered from where. */
  readonly sources?: Sources
}

export type Sources = Readonly<Record<Source, number>>

const SEED = 20_240_607
const SKEW = 1.2
export const WRITE_SHARE = 0.01
/** Reads that load and compile what the first reads of a process load and compile. Counted in neither run. */
const WARM_UP = 50

/**
 * Seeds a database, drives the same load over it twice, and closes everything, also after an abort or an error.
 * @throws CacheError when the place for the cache cannot be used.
 */
export async function runDemo(options: DemoOptions): Promise<Outcome> {
  const { screen, signal } = options
  const catalogue = normalise((await readRecords()).slice(0, options.rows))
  const rows = catalogue.strikes.length
  screen.paragraph('Starting PostgreSQL in this process: a few seconds.')
  const database = await openDatabase()
  const { strikes, cache } = cachedStrikes(database.prisma, options.place)
  cache.on('warning', ({ message }) => screen.paragraph(`Advice: ${message}.`))
  try {
    await options.place.ready()
    const seeding = startProgress(screen, 'Seeding      ', rows, (done) => `${count(done)} rows`)
    const seeded = await seed(database.prisma, catalogue, { signal, onProgress: seeding.at })
    seeding.end()
    if (signal.aborted) return { rows, seeded }

    const drive = driver(options, catalogue, database)
    const bare = strikesOf(database.prisma)
    for (let id = 1; id <= Math.min(WARM_UP, rows); id++) await bare.read(id)
    const without = await drive('Without cache', bare, options.operations)
    if (signal.aborted) return { rows, seeded, without }
    const sources = { memory: 0, store: 0, database: 0, stale: 0 }
    cache.on('read', ({ source }) => {
      sources[source]++
    })
    // As many as the first run got done: the same operations in the same order.
    const cached = await drive('With cache   ', strikes, without.operations)
    return { rows, seeded, without, cached, sources }
  } finally {
    await cache.close()
    await database.close()
  }
}

type Drive = (label: string, strikes: Strikes, most: number) => Promise<Measured>

/** Drives the load over one catalogue after the other: what the first wrote, the shadow expects of the second. */
function driver(options: DemoOptions, catalogue: Catalogue, { statements }: Database): Drive {
  const { screen, signal, limit } = options
  const rows = catalogue.strikes.length
  const shadow = createShadow(catalogue)
  return async (label, strikes, most) => {
    const operations = workload({ rows, seed: SEED, skew: SKEW, writeShare: WRITE_SHARE })
    const progress = startProgress(screen, label, 1, () => '')
    const onProgress = progress.at
    const load = { strikes, operations, shadow, statements, most, limit, signal, onProgress }
    const measured = await runLoad(load)
    progress.end()
    return measured
  }
}
