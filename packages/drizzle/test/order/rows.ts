import { asc } from 'drizzle-orm'
import { writeTogether } from '../contract/rows.ts'
import type { Connected } from './connected.ts'
import { ROWS_OF_A_PROGRAM } from './program.ts'

/** The rows at the start of a program. */
export async function fill(driver: Connected): Promise<void> {
  const db = driver.db()
  const { posts, users } = driver.schema
  const programs = [0, 1, 2]
  const rows = programs.flatMap((index) =>
    [1, 2, 3].map((row) => ({ id: index * ROWS_OF_A_PROGRAM + row, title: 'old', authorId: index + 1 })),
  )
  await writeTogether(db, driver.schema, [db.delete(posts), db.delete(users)])
  await writeTogether(db, driver.schema, [
    db.insert(users).values(programs.map((index) => ({ id: index + 1, email: `u${index}@x` }))),
    db.insert(posts).values(rows),
  ])
}

export async function rowsOf(driver: Connected): Promise<unknown> {
  const { posts } = driver.schema
  return driver.db().select().from(posts).orderBy(asc(posts.id))
}
