import { setTimeout as sleep } from 'node:timers/promises'
import { asc, eq, type SQL, sql } from 'drizzle-orm'
import type { ContractDb } from '../contract/driver.ts'
import type { Connected } from './connected.ts'
import type { StatementStep, Step } from './program.ts'

/** The results of the awaited steps. Of errors only that there was one. */
export type Observed = readonly unknown[]

interface SqliteDb {
  run(sql: SQL): PromiseLike<unknown>
  all(sql: SQL): PromiseLike<unknown>
  batch(queries: readonly unknown[]): Promise<unknown>
}

class Undone extends Error {}

/** Runs a program on a db, and waits for everything it left running. */
export async function runProgram(
  db: ContractDb,
  driver: Connected,
  program: readonly Step[],
): Promise<Observed> {
  const observed: unknown[] = []
  const loose: Promise<unknown>[] = []
  const leave = (running: PromiseLike<unknown>): void => {
    loose.push(Promise.resolve(running.then(undefined, () => {})))
  }

  const run = async (on: ContractDb, step: Step): Promise<void> => {
    switch (step.kind) {
      case 'statement': {
        const running = call(on, driver, step)
        if (step.awaited) observed.push(await settled(running))
        else leave(running)
        return
      }
      case 'together': {
        const running = Promise.all(step.statements.map((statement) => call(on, driver, statement)))
        if (step.awaited) observed.push(await settled(running))
        else leave(running)
        return
      }
      case 'pause':
        await sleep(step.milliseconds)
        return
      case 'outside':
        leave(call(db, driver, step.statement))
        return
      case 'batch': {
        const queries = step.statements.map((statement) => statementOf(on, driver, statement))
        observed.push((await settled((on as unknown as SqliteDb).batch(queries))) instanceof Error)
        return
      }
      case 'by hand':
        await settled(raw(on, driver, sql.raw('begin')))
        for (const current of step.steps) await run(on, current)
        await settled(raw(on, driver, sql.raw(step.end)))
        return
      default: {
        const running = on.transaction(async (tx) => {
          for (const current of step.steps) await run(tx as unknown as ContractDb, current)
          if (step.end === 'throws') throw new Undone('on purpose')
        })
        if (step.awaited) observed.push((await settled(running)) instanceof Error)
        else leave(running)
      }
    }
  }
  for (const step of program) await run(db, step)
  // One after the other: a transaction that was not awaited may leave more behind while it is waited for.
  for (const promise of loose) await promise
  return observed
}

/** The result, or the error. */
async function settled(running: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await running
  } catch (error) {
    return error instanceof Error ? new Undone('rejected') : error
  }
}

/** Starts a builder, which does nothing before `then` is called. */
function call(db: ContractDb, driver: Connected, step: StatementStep): Promise<unknown> {
  return new Promise((resolve, reject) => {
    statementOf(db, driver, step).then((result) => resolve(isRead(step) ? result : undefined), reject)
  })
}

/** Drops the result of a write, which differs by driver and is irrelevant to the order. */
function isRead({ what, row }: StatementStep): boolean {
  // The relational query reads the row of the first program.
  return what === 'select' || what === 'list' || what === 'count' || (what === 'relational' && row < 10)
}

function statementOf(
  db: ContractDb,
  driver: Connected,
  { what, row, value, author }: StatementStep,
): PromiseLike<unknown> {
  const { posts } = driver.schema
  const title = `title ${value}`
  switch (what) {
    case 'select':
      return db.select().from(posts).where(eq(posts.id, row))
    case 'list':
      return db.select().from(posts).where(eq(posts.authorId, author)).orderBy(asc(posts.id))
    case 'count':
      return db.$count(posts, eq(posts.authorId, author))
    case 'relational':
      return driver.relational.postById(db, driver.schema)
    case 'raw read':
      return raw(db, driver, sql`select id, title from blog_post where id = ${row}`)
    case 'update':
      return db.update(posts).set({ title }).where(eq(posts.id, row))
    case 'insert':
      return db.insert(posts).values({ id: 100_000 + value, title, authorId: author })
    case 'delete':
      return db.delete(posts).where(eq(posts.id, 100_000 + value - 3))
    case 'raw update':
      return raw(db, driver, sql`update blog_post set title = ${title} where id = ${row}`)
    case 'raw insert':
      return raw(
        db,
        driver,
        sql`insert into blog_post (id, title, author_id) values (${200_000 + value}, ${title}, ${author})`,
      )
    default:
      return db.insert(posts).values({ id: row, title, authorId: author })
  }
}

export function raw(db: ContractDb, { dialect }: Connected, text: SQL): PromiseLike<unknown> {
  return dialect === 'sqlite' ? (db as unknown as SqliteDb).run(text) : db.execute(text)
}
