import { aliasedTable, eq, inArray, sql, sum } from 'drizzle-orm'
import { type StockDb, stock } from '../support/drizzle-stock.ts'
import { createRandom, type Random } from '../support/random.ts'
import { aborted, raised, sold, swap, undone } from './drizzle-transactions.ts'
import { type Checker, createChecker, type ObservedRow, ROWS, WAREHOUSES } from './version-checker.ts'

/** A db under a worker's name. */
interface Worker {
  readonly name: string
  readonly db: StockDb
  readonly random: Random
}

interface Race {
  readonly dbs: readonly StockDb[]
  readonly workers: number
  readonly operations: number
  readonly seed: number
  /** Share of operations that write. */
  readonly writes?: number
  /** Of all who take part, where there are others. */
  readonly checker?: Checker
}

/** Share of operations that write. */
const WRITES = 0.06

/** Lets workers read and write at random until all have done their share. */
export async function race({
  dbs,
  workers,
  operations,
  seed,
  writes = WRITES,
  checker = createChecker(),
}: Race): Promise<Checker> {
  const each = Math.ceil(operations / workers)
  // Where the rows are at first explains why a list does not show them. A transaction bypasses the cache.
  for (const row of (await dbs[0]?.transaction((tx) => tx.select().from(stock))) ?? []) checker.wrote(row)
  await Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      const db = dbs[index % dbs.length]
      if (!db) throw new Error('no db')
      const worker: Worker = { name: `worker ${index}`, db, random: createRandom(seed * 1_000 + index) }
      for (let done = 0; done < each; done++) {
        checker.count()
        if (worker.random.chance(writes)) await writeOnce(worker, checker)
        else await readOnce(worker, checker)
      }
    }),
  )
  checker.settle()
  return checker
}

/** One read of a random shape, checked. */
async function readOnce({ name, db, random }: Worker, checker: Checker): Promise<void> {
  const id = random.int(1, ROWS)
  const floors = checker.floors()
  const rows = async (
    shape: string,
    run: PromiseLike<readonly ObservedRow[]>,
    count: number,
  ): Promise<void> => {
    const result = await run
    for (const row of result) checker.saw(name, shape, row, floors.get(row.id) ?? 0)
    if (result.length !== count) checker.saw(name, shape, { id, version: -1, warehouse: 'nowhere' }, 0)
  }
  const byId = () => rows('id', db.select().from(stock).where(eq(stock.id, id)), 1)
  const first = () => rows('first', db.select().from(stock).where(eq(stock.id, id)).limit(1), 1)
  await random.pick<() => Promise<void>>([
    byId,
    byId,
    first,
    () =>
      rows(
        'sku',
        db
          .select()
          .from(stock)
          .where(eq(stock.sku, `s${id}`)),
        1,
      ),
    () =>
      rows(
        'ids',
        db
          .select()
          .from(stock)
          .where(inArray(stock.id, [id, (id % ROWS) + 1])),
        2,
      ),
    () => rows('query', db.query.stock.findMany({ where: eq(stock.id, id) }), 1),
    () => rows('all', db.select().from(stock), ROWS),
    () => {
      const other = aliasedTable(stock, 'other')
      const columns = { id: other.id, version: other.version, warehouse: other.warehouse }
      return rows(
        'join',
        db.select(columns).from(stock).innerJoin(other, eq(other.sku, stock.sku)).where(eq(stock.id, id)),
        1,
      )
    },
    // Only the result tells which rows these depend on.
    async () => {
      const other = aliasedTable(stock, 'other')
      const twin = { id: other.id, sku: other.sku, version: other.version, warehouse: other.warehouse }
      const matches: readonly { readonly twin: ObservedRow | null }[] = await db
        .select({ own: stock, twin })
        .from(stock)
        .leftJoin(other, eq(other.sku, stock.sku))
        .where(eq(stock.id, id))
      const twins = Promise.resolve(matches.flatMap((row) => (row.twin ? [row.twin] : [])))
      return rows('left join', twins, 1)
    },
    async () => {
      const matches = await db.query.stock.findMany({ where: eq(stock.sku, `s${id}`), with: { twin: true } })
      return rows('relation', Promise.resolve(matches.map(({ twin }) => twin)), 1)
    },
    () => rows('derived', db.select().from(db.select().from(stock).where(eq(stock.id, id)).as('one')), 1),
    async () => {
      const warehouse = random.pick(WAREHOUSES)
      const rows = await db.select().from(stock).where(eq(stock.warehouse, warehouse))
      for (const row of rows) checker.saw(name, 'warehouse', row, floors.get(row.id) ?? 0)
      const there = new Set(rows.map((row) => row.id))
      for (let row = 1; row <= ROWS; row++)
        if (!there.has(row)) checker.missed(name, row, warehouse, floors.get(row) ?? 0)
    },
    async () => {
      const [total] = await db.select({ version: sum(stock.version).mapWith(Number) }).from(stock)
      const least = [...floors].reduce((all, [row, version]) => (row <= ROWS ? all + version : all), 0)
      const version = total?.version ?? 0
      if (version < least) checker.saw(name, 'sum', { id: 0, version, warehouse: '' }, least)
    },
  ])()
}

/** One write of a random shape; what it committed is record to the checker when it has returned. */
async function writeOnce({ db, random }: Worker, checker: Checker): Promise<void> {
  const id = random.int(1, ROWS)
  const warehouse = random.pick(WAREHOUSES)
  const record = async (run: PromiseLike<readonly ObservedRow[]>): Promise<void> => {
    for (const row of await run) checker.wrote(row)
  }
  await random.pick<() => Promise<void>>([
    () => record(db.update(stock).set(raised).where(eq(stock.id, id)).returning()),
    () =>
      record(
        db
          .update(stock)
          .set({ ...raised, warehouse })
          .where(eq(stock.sku, `s${id}`))
          .returning(),
      ),
    () =>
      record(
        db
          .update(stock)
          .set({ ...raised, warehouse })
          .where(inArray(stock.id, [id]))
          .returning(),
      ),
    () =>
      record(
        db
          .insert(stock)
          .values({ id, sku: `s${id}`, warehouse, version: 0 })
          .onConflictDoUpdate({ target: stock.sku, set: { ...raised, warehouse } })
          .returning(),
      ),
    () => record(swap(db, id, (id % ROWS) + 1)),
    () => record(swap(db, id, (id % ROWS) + 1)),
    () => record(sold(db, id)),
    () => undone(db, id),
    () => aborted(db, id),
    () => {
      // Of unknown rows: it ends every read there is, so there are few.
      if (random.chance(0.9))
        return record(
          db
            .update(stock)
            .set({ ...raised, warehouse })
            .where(eq(stock.id, id))
            .returning(),
        )
      const all = sql<ObservedRow>`update ${stock} set version = version + 1 where id = ${id} returning id, version, warehouse`
      return record(db.execute(all).then(({ rows }) => rows as unknown as readonly ObservedRow[]))
    },
  ])()
}
