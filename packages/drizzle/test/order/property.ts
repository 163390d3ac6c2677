import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, memoryStore } from '@larder/core'
import { systemClock } from '@larder/core/host'
import { drizzleCache } from '@larder/drizzle'
import { absentParser, seededRandom, setting } from '@larder/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ContractDb } from '../contract/driver.ts'
import { differenceInOrder, differenceInTransactions } from './compare.ts'
import type { Connected } from './connected.ts'
import { type Abilities, randomProgram, type Step } from './program.ts'
import type { RecordedStatement } from './recorder.ts'
import { fill, rowsOf } from './rows.ts'
import { type Observed, runProgram } from './run-program.ts'
import { slowStore } from './slow-store.ts'

/** Random programs per driver and cache configuration. Set `LARDER_ORDER_PROGRAMS=2000` for a long run. */
const PROGRAMS = setting('LARDER_ORDER_PROGRAMS', 1, 24)
const FIRST_SEED = setting('LARDER_ORDER_SEED', 1)
/** Milliseconds, more than any program takes. */
const STUCK = 20_000

const WAYS = ['nothing cached', 'everything cached', 'everything cached in a slow store'] as const
type Way = (typeof WAYS)[number]

/** Registers the property: a wrapped db sends the same statements in the same order, and leaves the same rows. */
export function statementOrderHolds(connect: () => Promise<Connected>): void {
  describe('the statements of random programs', () => {
    let driver: Connected
    beforeAll(async () => {
      driver = await connect()
    })
    afterAll(async () => driver?.stop())

    it.each(WAYS)(
      'statements of random programs reach the driver in the same order as without Larder: %s',
      { timeout: 600_000 },
      async (way) => {
        for (let seed = FIRST_SEED; seed < FIRST_SEED + PROGRAMS; seed++) {
          const programs = programsOf(driver, seed)
          const plain = await outcome(driver, driver.db(), programs)
          const wrapped = await outcome(driver, wrap(driver, way, seed), programs)
          // A recorder that the driver goes around would find no difference in anything.
          expect(plain.sent.length, `${driver.name}: recorded statements`).toBeGreaterThan(0)
          const compare = driver.connections === 'several' ? differenceInTransactions : differenceInOrder
          const difference = compare(plain.sent, wrapped.sent, way !== 'nothing cached')
          const report = { difference, observed: wrapped.observed, rows: wrapped.rows }
          const expected = { difference: undefined, observed: plain.observed, rows: plain.rows }
          const story = () =>
            `${driver.name}, seed ${seed}\n${JSON.stringify(programs, undefined, 1)}\nplain:\n${shown(plain.sent)}\nwrapped:\n${shown(wrapped.sent)}`
          if (difference) process.stderr.write(`${story()}\n`)
          expect(report, `${driver.name}, seed ${seed}`).toStrictEqual(expected)
        }
      },
    )
  })
}

function programsOf({ connections, dialect, locksOthersOut, takesBegin }: Connected, seed: number) {
  const random = seededRandom(seed)
  const ordered = connections !== 'several'
  const abilities: Abilities = {
    batch: dialect === 'sqlite',
    byHand: takesBegin,
    looseOutside: ordered,
    // On a shared connection their interleaving depends on timing, and so does which of them finds a file locked.
    looseTransactions: connections === 'one' && !locksOthersOut,
    outside: ordered && !locksOthersOut,
    sync: false,
  }
  // MySQL locks gaps between rows, so the waits depend on timing.
  const several = connections === 'several' && dialect !== 'mysql' ? 3 : 1
  return Array.from({ length: several }, (_, index) => randomProgram(random, abilities, index))
}

async function outcome(
  driver: Connected,
  db: ContractDb,
  programs: readonly (readonly Step[])[],
): Promise<{
  readonly sent: readonly RecordedStatement[]
  readonly observed: readonly Observed[]
  readonly rows: unknown
}> {
  await fill(driver)
  driver.recorder.take()
  const running = Promise.all(programs.map((program) => runProgram(db, driver, program)))
  const over = new AbortController()
  const observed = await Promise.race([running, stuck(driver, over.signal)])
  over.abort()
  const sent = driver.recorder.take()
  return { sent, observed, rows: await rowsOf(driver) }
}

async function stuck(driver: Connected, signal: AbortSignal): Promise<never> {
  await sleep(STUCK, undefined, { ref: false, signal })
  throw new Error(`stuck after:\n${shown(driver.recorder.take())}`)
}

function wrap(driver: Connected, way: Way, seed: number): ContractDb {
  const store =
    way === 'everything cached in a slow store' ? slowStore(seed) : memoryStore({ isolated: true })
  // Without PostgreSQL's parser raw writes are unknown. With it, the first ones run before it is loaded.
  const cache = createCache({ store }, { clock: systemClock, ...(seed % 2 && { sqlParser: absentParser }) })
  const tables = way === 'nothing cached' ? {} : { '*': { ttl: '1h' as const } }
  return drizzleCache(driver.db(), { cache, schema: driver.schema, tables })
}

function shown(sent: readonly RecordedStatement[]): string {
  return sent.map(({ connection, text }) => `  ${connection} ${text}`).join('\n')
}
