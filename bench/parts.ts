import { type Random, seededRandom } from './random.ts'

/** What drives parts of machines: rows with a key, a unique label, and a parent in their own table. */
export interface Parts {
  readonly legacyItem: {
    findUnique(args: {
      where: { itemNo: number } | { label: string }
      include?: { partOf: true }
    }): PromiseLike<unknown>
    findMany(args: { where: { partOfNo: number } }): PromiseLike<unknown>
    update(args: { where: { itemNo: number }; data: { groupCode: string } }): PromiseLike<unknown>
  }
}

/** A read of some part, by one of the ways there are. */
export const WAYS = {
  'by key': ({ legacyItem }: Parts, no: number) => legacyItem.findUnique({ where: { itemNo: no } }),
  'by unique label': ({ legacyItem }: Parts, no: number) =>
    legacyItem.findUnique({ where: { label: labelOf(no) } }),
  "a parent's list": ({ legacyItem }: Parts, no: number) =>
    legacyItem.findMany({ where: { partOfNo: parentOf(no) } }),
  'with its parent (to-one include)': ({ legacyItem }: Parts, no: number) =>
    legacyItem.findUnique({ where: { itemNo: no }, include: { partOf: true } }),
} as const
export type Way = keyof typeof WAYS

const PARENTS = 100
/** Prisma makes one statement of the findUniques of one moment. */
const TOGETHER = 500

const labelOf = (no: number): string => `part ${no}`
const parentOf = (no: number): number => 1 + (no % PARENTS)

/** SQL that fills the table: the first 100 rows are parents, all others parts of one of them. */
export function fillParts(rows: number): string {
  return `INSERT INTO "LegacyItems" ("ItemNo", "GroupCode", "Label Text", "PartOfNo")
    SELECT n, 'g', 'part ' || n, CASE WHEN n > ${PARENTS} THEN 1 + n % ${PARENTS} END FROM generate_series(1, ${rows}) n`
}

/** Reads every row in every way once. */
export async function readParts(client: Parts, rows: number): Promise<void> {
  for (const [way, read] of Object.entries(WAYS)) {
    const last = way === "a parent's list" ? PARENTS : rows
    for (let first = 1; first <= last; first += TOGETHER)
      await Promise.all(
        Array.from({ length: Math.min(TOGETHER, last - first + 1) }, (_, index) =>
          read(client, first + index),
        ),
      )
  }
}

export interface Trace {
  readonly rows: number
  readonly operations: number
  readonly seed: number
  /** 0 to 1. */
  readonly writeShare: number
}

/**
 * The same reads and writes for the same trace: every row and every way is as likely as any other. `hits` tells how
 * many reads the cache answered so far.
 * @returns the share of reads of each way that it answered.
 */
export async function driveParts(
  client: Parts,
  trace: Trace,
  hits: () => number,
): Promise<Record<Way, number>> {
  const random = seededRandom(trace.seed)
  const ways = Object.keys(WAYS) as Way[]
  const counts = Object.fromEntries(ways.map((way) => [way, { reads: 0, hits: 0 }]))
  for (let done = 0; done < trace.operations; done++) {
    const no = 1 + below(random, trace.rows)
    if (random() < trace.writeShare) {
      await client.legacyItem.update({ where: { itemNo: no }, data: { groupCode: `g${done}` } })
      continue
    }
    const way = ways[below(random, ways.length)] as Way
    const count = counts[way]
    const before = hits()
    await WAYS[way](client, no)
    if (!count) continue
    count.reads++
    count.hits += hits() - before
  }
  return Object.fromEntries(
    ways.map((way) => [way, (counts[way]?.hits ?? 0) / (counts[way]?.reads || 1)]),
  ) as Record<Way, number>
}

function below(random: Random, most: number): number {
  return Math.floor(random() * most)
}
