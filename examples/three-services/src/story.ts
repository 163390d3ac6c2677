import { READS_PER_SECOND, WRITES_PER_SECOND } from './board-load.ts'
import type { Screen } from './screen.ts'
import { VISITORS } from './shop-load.ts'
import { faults, type Outcome, table } from './table.ts'
import { PIECES, SCARCE, WRITES } from './workload.ts'

/** What is about to happen, and how to read what will come of it: there is time to read now. */
export function tellBefore(screen: Screen, seconds: { readonly shop: number; readonly board: number }): void {
  screen.heading('Larder: a query cache for Prisma and Drizzle that is never stale')
  screen.line()
  screen.paragraph(
    `Three services in front of one PostgreSQL: a catalogue (Prisma, each product a join of ten tables), an inventory (Drizzle and Prisma, SELECT … FOR UPDATE) and a leaderboard (Valkey, not a cache). ${VISITORS} visitors at once use the first two over HTTP, ${seconds.shop} s without and ${seconds.shop} s with the cache. Then the leaderboard gets ${WRITES_PER_SECOND} scores and ${READS_PER_SECOND} reads a second for ${seconds.board} s.`,
  )
  screen.heading('What the numbers will mean')
  screen.line()
  for (const text of MEANINGS) screen.item(text)
  screen.line()
}

const MEANINGS = [
  `${WRITES}% of the requests write: prices rise, and ${SCARCE} products of ${PIECES} pieces each are sold out by everybody at once. Oversold is what the tables say was sold and was not there. It must be 0.`,
  'A read is stale if it shows a lower price or a higher count than a write that had returned before. Every product, page and count is checked. There must be none.',
  'SQL statements are counted at the driver. Queries kept off the database were answered by the cache, which starts empty.',
  'Score lag: from sending a score to the first answer that shows it.',
]

/** Where the report is, or why there is none. */
export type Written = { readonly file: string } | { readonly error: string }

/** What came of it, as far as it got. */
export function tellAfter(
  screen: Screen,
  outcome: Outcome,
  { interrupted, report }: { readonly interrupted: boolean; readonly report: Written | undefined },
): void {
  if (interrupted) {
    screen.line()
    screen.paragraph(
      outcome.without
        ? 'Interrupted. This is what was measured until then.'
        : 'Interrupted. Nothing is measured yet.',
    )
  }
  if (!outcome.without) return
  screen.heading(`The same load, without and with the cache (${outcome.servers})`)
  screen.line()
  for (const line of table(outcome, screen.width())) screen.line(line)
  for (const fault of faults(outcome)) {
    screen.line()
    screen.paragraph(
      `There must be none, and there are ${fault}. This is a bug in Larder or in the demo: please report it.`,
    )
  }
  screen.line()
  if (report) screen.paragraph('file' in report ? `The report, with charts: ${report.file}` : report.error)
  screen.paragraph('The services: examples/catalogue, examples/inventory, examples/leaderboard')
}

/** Why there is nothing to show. It may have lines of its own. */
export function tellError(screen: Screen, message: string): void {
  screen.line()
  for (const line of message.split('\n')) screen.paragraph(line)
}
