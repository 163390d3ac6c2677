import { is, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import type { ContractDb, ContractSchema } from './driver.ts'

type Write = PromiseLike<unknown> & SQLWrapper

interface Batches {
  batch(writes: readonly Write[]): Promise<unknown>
}

/** Runs writes that name no row twice: as one statement or one transaction where the driver can. */
export async function writeTogether(
  db: ContractDb,
  t: Pick<ContractSchema, 'posts'>,
  writes: readonly Write[],
): Promise<void> {
  // Its foreign keys are checked at the end of the statement.
  if (is(t.posts, PgTable)) await db.execute(asOneStatement(writes))
  else if ('batch' in db) await (db as unknown as Batches).batch(writes)
  else for (const write of writes) await write
}

function asOneStatement(writes: readonly Write[]): SQL {
  const parts = writes.map((write, at) => sql`${sql.identifier(`write_${at}`)} as (${write.getSQL()})`)
  return sql`with ${sql.join(parts, sql`, `)} select 1`
}

/** Empties every table. */
export async function reset(db: ContractDb, t: ContractSchema): Promise<void> {
  const tables = [t.memberships, t.comments, t.posts, t.users, t.everything, t.generated]
  await writeTogether(
    db,
    t,
    tables.map((table) => db.delete(table)),
  )
}

/** Inserts rows with small ids. Generated ids begin far above. */
export async function populate(db: ContractDb, t: ContractSchema): Promise<void> {
  await writeTogether(db, t, [
    db.insert(t.users).values([1, 2, 3].map((id) => ({ id, email: `u${id}@x`, name: `n${id}` }))),
    db.insert(t.posts).values([
      { id: 1, title: 'p1', authorId: 1, views: 10 },
      { id: 2, title: 'p2', authorId: 1, views: 20 },
      { id: 3, title: 'p3', authorId: 2, views: 30 },
    ]),
    db.insert(t.comments).values([
      { id: 1, text: 'c1', postId: 1 },
      { id: 2, text: 'c2', postId: 3 },
    ]),
    db.insert(t.memberships).values([
      { userId: 1, groupId: 1 },
      { userId: 1, groupId: 2 },
      { userId: 2, groupId: 1 },
    ]),
  ])
}
