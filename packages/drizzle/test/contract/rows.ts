import type { ContractDb, ContractSchema } from './driver.ts'

/** Empties every table. */
export async function reset(db: ContractDb, t: ContractSchema): Promise<void> {
  for (const table of [t.memberships, t.comments, t.posts, t.users, t.everything, t.generated])
    await db.delete(table)
}

/** Inserts rows with small ids. Generated ids begin far above. */
export async function populate(db: ContractDb, t: ContractSchema): Promise<void> {
  await db.insert(t.users).values([1, 2, 3].map((id) => ({ id, email: `u${id}@x`, name: `n${id}` })))
  await db.insert(t.posts).values([
    { id: 1, title: 'p1', authorId: 1, views: 10 },
    { id: 2, title: 'p2', authorId: 1, views: 20 },
    { id: 3, title: 'p3', authorId: 2, views: 30 },
  ])
  await db.insert(t.comments).values([
    { id: 1, text: 'c1', postId: 1 },
    { id: 2, text: 'c2', postId: 3 },
  ])
  await db.insert(t.memberships).values([
    { userId: 1, groupId: 1 },
    { userId: 1, groupId: 2 },
    { userId: 2, groupId: 1 },
  ])
}
