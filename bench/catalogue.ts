import { migrate } from '@larder/testing'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../prisma/generated/client/client.ts'
import { openPostgres } from './postgres.ts'
import { type Database, openDatabase } from './strikes/database.ts'
import { normalise } from './strikes/normalise.ts'
import { readRecords } from './strikes/records.ts'
import { seed } from './strikes/seed.ts'
import { countStatements } from './strikes/statements.ts'

export interface Catalogue extends Database {
  /** Strikes, with ids from 1 to this. */
  readonly rows: number
}

/** All of the data: 10,000 reports of wildlife strikes on aircraft. PostgreSQL runs inside this process. */
export async function openCatalogue(): Promise<Catalogue> {
  const database = await openDatabase()
  return { ...database, rows: await fill(database) }
}

/**
 * The first `rows` reports on a PostgreSQL server, found or started. PGlite answers without a turn of the event loop:
 * under many queries at once nothing else of the process is heard, which no application's database does.
 */
export async function openServerCatalogue(rows: number): Promise<Catalogue> {
  const database = await openPostgres((client) => migrate((sql) => client.query(sql)))
  const { adapter, count } = countStatements(new PrismaPg({ connectionString: database.url }))
  const prisma = new PrismaClient({ adapter })
  await fill({ prisma }, rows)
  return {
    prisma,
    rows,
    statements: count,
    async close() {
      await prisma.$disconnect()
      await database.close()
    },
  }
}

/** @returns strikes written. */
async function fill({ prisma }: Pick<Database, 'prisma'>, rows?: number): Promise<number> {
  const catalogue = normalise((await readRecords()).slice(0, rows))
  await seed(prisma, catalogue)
  return catalogue.strikes.length
}
