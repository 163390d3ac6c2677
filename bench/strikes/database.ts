import { PGlite } from '@electric-sql/pglite'
import { migrate } from '@larder/testing'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { PrismaClient } from '../../prisma/generated/client/client.ts'
import { countStatements } from './statements.ts'

export interface Database {
  readonly prisma: PrismaClient
  /** SQL statements that reached the database so far. */
  statements(): number
  close(): Promise<void>
}

/** Starts PostgreSQL inside this process (PGlite, in memory) and makes the tables of prisma/schema.prisma in it. */
export async function openDatabase(): Promise<Database> {
  const pglite = await PGlite.create()
  await migrate((sql) => pglite.exec(sql))
  const { adapter, count } = countStatements(new PrismaPGlite(pglite))
  const prisma = new PrismaClient({ adapter })
  return {
    prisma,
    statements: count,
    async close() {
      await prisma.$disconnect()
      await pglite.close()
    },
  }
}
