import type { Cache } from '@larder/core'
import type { Random } from '../../support/random.ts'
import type { Db, Dialect, Tables } from './tables.ts'
import { type Operation, randomWrite } from './writes.ts'

/** One step of a history: what it is, for the report of a failure, and the doing of it. */
export interface Step {
  readonly name: string
  /** Resolves to whether it succeeded; a refusal by the database is no fault. */
  run(): Promise<boolean>
}

/** What steps act on. */
export interface Stage {
  readonly db: Db
  readonly cache: Cache
  readonly dialect: Dialect
  readonly t: Tables
  readonly random: Random
  /** Reads something beside a transaction that is open; nothing where that cannot be done. */
  readOutside(): Promise<void>
}

const UNDO = new Error('undo')

/** A random step: a write, a transaction, a batch or an explicit invalidation. */
export function randomStep(stage: Stage): Step {
  const roll = stage.random.next()
  if (roll < 0.68) return writeStep(stage)
  if (roll < 0.97)
    return stage.dialect === 'sqlite' && roll > 0.87 ? batchStep(stage) : transactionStep(stage)
  return invalidateStep(stage)
}

function draw({ random, dialect, t }: Stage, most: number): readonly Operation[] {
  return Array.from({ length: random.int(1, most) }, () => randomWrite(random, dialect, t))
}

function writeStep(stage: Stage): Step {
  const write = randomWrite(stage.random, stage.dialect, stage.t)
  return { name: write.name, run: () => settled(() => write.run(stage.db)) }
}

function transactionStep(stage: Stage): Step {
  const { db, t, random, readOutside } = stage
  const writes = draw(stage, 3)
  const inner = random.chance(0.4) ? draw(stage, 2) : []
  const [undoInner, undo, catches] = [random.chance(0.5), random.chance(0.3), random.chance(0.4)]
  const spelt = inner.length
    ? `; nested${undoInner ? ', undone' : ''}: ${inner.map(({ name }) => name).join('; ')}`
    : ''
  const savepoint = (tx: Db): Promise<unknown> =>
    tx.transaction(async (nested) => {
      for (const write of inner) await write.run(nested as unknown as Db)
      await nested.select().from(t.posts)
      if (undoInner) throw UNDO
    })
  const body = async (tx: Db): Promise<void> => {
    await tx.select().from(t.people)
    for (const write of writes) {
      if (catches) await settled(() => write.run(tx))
      else await write.run(tx)
      await readOutside()
    }
    if (inner.length) await settled(() => savepoint(tx))
    await tx.query.people.findMany({ with: { posts: true } })
    if (undo) throw UNDO
  }
  return {
    name: `transaction${catches ? ', catching' : ''}${undo ? ', undone' : ''}: ${writes.map(({ name }) => name).join('; ')}${spelt}`,
    run: () => settled(() => db.transaction((tx) => body(tx as unknown as Db))),
  }
}

/** Drizzle over libSQL only. Its reads are not cached; what it writes must end those that are. */
function batchStep(stage: Stage): Step {
  const writes = draw(stage, 3)
  const { batch } = stage.db as unknown as { batch(queries: readonly unknown[]): Promise<unknown> }
  return {
    name: `batch: ${writes.map(({ name }) => name).join('; ')}`,
    run: () =>
      settled(() =>
        batch.call(
          stage.db,
          writes.filter(({ name }) => !name.startsWith('prepared')).map((write) => write.run(stage.db)),
        ),
      ),
  }
}

function invalidateStep({ cache, db, random, t }: Stage): Step {
  return random.pick<() => Step>([
    () => ({
      name: 'invalidate a table',
      run: () => settled(() => db.$cache.invalidate({ tables: t.posts })),
    }),
    () => ({ name: 'invalidate all', run: () => settled(() => cache.invalidate({ all: true })) }),
    () => {
      const rows = [{ table: 'person', key: { id: random.int(1, 9) } }]
      return { name: 'invalidate a row', run: () => settled(() => cache.invalidate({ rows })) }
    },
  ])()
}

/** Refusals that random writes meet: constraints, a row twice in one upsert, serialization, an aborted transaction. */
const REFUSED =
  /^(?:23|21|40|25P02|3B001|42P10$|SQLITE_(?:CONSTRAINT|BUSY)|ER_(?:DUP|NO_REF|FOREIGN_DUP|ROW_IS_REF|LOCK|UPDATE_TABLE_USED|SP_DOES_NOT_EXIST))/

/** True if it resolved, false if the database or the body refused. Anything else is a fault of the test. */
async function settled(run: () => PromiseLike<unknown>): Promise<boolean> {
  try {
    await run()
    return true
  } catch (error) {
    if (error === UNDO) return false
    for (
      let at = error as Error & { code?: unknown; sqlState?: unknown }, depth = 0;
      at && depth < 5;
      depth++
    ) {
      if ([at.code, at.sqlState].some((code) => typeof code === 'string' && REFUSED.test(code))) return false
      at = at.cause as typeof at
    }
    throw error
  }
}
