import { FOUR_LINES } from './cached.ts'
import { type Outcome, type Sources, WRITE_SHARE } from './demo.ts'
import { SOURCE } from './records.ts'
import type { Screen } from './screen.ts'
import { count, table } from './table.ts'

/**
 * What is about to happen, and how to read what will come of it: there is time to read now.
 * @param place where what is cached is kept, for the reader.
 */
export function tellBefore(screen: Screen, seconds: number, place: string): void {
  screen.heading('Larder: a query cache for Prisma that is never stale')
  screen.line()
  screen.paragraph(
    'A catalogue of wildlife strikes on aircraft, in PostgreSQL (PGlite, inside this process). Each read joins ten tables: one findUnique with an include.',
  )
  screen.paragraph(`Data: ${SOURCE.title}, ${SOURCE.licence}, from ${SOURCE.file}.`)
  screen.paragraph(`Cache: ${place}`)
  screen.line()
  screen.paragraph(
    `The same operations run twice, without and with the cache, at most ${seconds} s each. A few reports get most of the reads (Zipf's law). ${WRITE_SHARE * 100}% of the operations raise the cost of a repair, mostly of those same reports. PGlite is one connection, so the load is serial: one operation at a time.`,
  )
  screen.heading('What the numbers will mean')
  screen.line()
  for (const text of MEANINGS) screen.item(text)
  screen.line()
}

const MEANINGS = [
  'Read time: half of the reads took at most p50, 95% at most p95. A read the cache cannot answer still pays for the database.',
  'SQL statements are counted at the driver, below Prisma. A read without the cache is ten of them.',
  'Reads kept off the database sent no SQL. The cache starts empty: the first read of a report, and the first after a write to it, go to the database.',
  'Stale reads differ in any field from a copy that follows every write. Every read is compared. There must be none.',
]

/** What came of it, as far as it got. */
export function tellAfter(screen: Screen, outcome: Outcome, interrupted: boolean): void {
  const { rows, seeded, without, cached, sources } = outcome
  if (interrupted) {
    screen.line()
    screen.paragraph(
      without === undefined
        ? `Interrupted after ${count(seeded)} of ${count(rows)} rows. Nothing is measured yet.`
        : 'Interrupted. This is what was measured until then.',
    )
  }
  if (without === undefined) return
  screen.heading('The same operations, without and with the cache')
  screen.line()
  for (const line of table(without, cached, screen.width())) screen.line(line)
  if (sources) tellSources(screen, sources)
  tellStale(screen, staleReads(outcome))
  if (interrupted || cached === undefined) return
  if (cached.operations < without.operations) {
    const done = `${count(cached.operations)} of ${count(without.operations)}`
    screen.paragraph(`The second run met its time limit after ${done} operations.`)
  }
  screen.heading('Four lines put it into your app')
  screen.line()
  for (const line of FOUR_LINES) screen.line(line)
  screen.line('// store: valkeyStore(url), or memoryStore()')
  screen.line('// with imports: examples/demo/src/cached.ts')
}

/** Where the answers of the second run came from. A store in this process is memory. */
function tellSources(screen: Screen, { memory, store, database }: Sources): void {
  const server = store > 0 ? ` ${count(store)} from the server that keeps the cache,` : ''
  screen.line()
  screen.paragraph(
    `With the cache, ${count(memory)} reads were answered from memory,${server} ${count(database)} from the database.`,
  )
}

function tellStale(screen: Screen, stale: number): void {
  if (stale === 0) return
  screen.line()
  screen.paragraph(
    `Stale reads must be 0 and are ${count(stale)}. This is a bug in Larder: please report it.`,
  )
}

export function staleReads({ without, cached }: Outcome): number {
  return (without?.stale ?? 0) + (cached?.stale ?? 0)
}
