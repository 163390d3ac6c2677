import { drizzle } from 'drizzle-orm/mysql2'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { ContractDb, RelationalReads } from '../contract/driver.ts'
import { hostContract } from '../contract/suite.ts'
import { mysql2By } from '../drivers/mysql2.ts'
import { relational } from './relational.ts'
import { relationsMysql as relations } from './relations-mysql.ts'
import type { relationsPg } from './relations-pg.ts'

const query = (db: ContractDb) => (db as unknown as NodePgDatabase<typeof relationsPg>).query

/** 1.0 writes every relation with LATERAL, which MariaDB does not have. So these read no relations. */
const withoutRelations: RelationalReads = {
  ...relational,
  usersWithPostsAndComments: (db) => query(db).posts.findMany({ orderBy: { id: 'asc' } }),
  userWithPosts: (db) => query(db).posts.findFirst({ where: { id: 1 } }),
  userWithPostsAndComments: (db) => query(db).posts.findFirst({ where: { authorId: 1 } }),
}

hostContract({
  ...mysql2By((client) => drizzle({ client: client as never, relations }) as unknown as ContractDb),
  relational: withoutRelations,
})
