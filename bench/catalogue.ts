import { createDatabase, migrate, startPostgres } from '@larder/testing'
import { PrismaPg } from '@prisma/adapter-pg'
import { Client } from 'pg'
import { type Database, openDatabase } from '../examples/demo/src/database.ts'
import { normalise } from '../examples/demo/src/normalise.ts'
import { readRecords } from '../examples/demo/src/records.ts'
import { seed } from '../examples/demo/src/seed.ts'
import { countStatements } from '../examples/demo/src/statements.ts'
import { PrismaClient } from '../prisma/generated/client/client.ts'

export interface Catalogue extends Omit<Database, 'outsider'> {
  /** Strikes, with ids from 1 to this. */
  readonly rows: number
}

/** The demo's database, with all of its data: PostgreSQL inside this process. */
export async function openCatalogue(): Promise<Catalogue> {
  const database = await openDatabase()
  return { ...database, rows: await fill(database) }
}

/**
 * The first `rows` reports on a PostgreSQL server, found or started. PGlite answers without a turn of the event loop:
 * under many queries at once nothing else of the process is heard, which no application's database does.
 */
export async function openServerCatalogue(rows: number): Promise<Catalogue> {
  const service = await startPostgres()
  const own = await createDatabase(service.url)
  const client = new Client({ connectionString: own.url })
  await client.connect()
  await migrate((sql) => client.query(sql))
  await client.end()
  const { adapter, count } = countStatements(new PrismaPg({ connectionString: own.url }))
  const prisma = new PrismaClient({ adapter })
  await fill({ prisma }, rows)
  return {
    prisma,
    rows,
    statements: count,
    async close() {
      await prisma.$disconnect()
      await own.drop()
      await service.stop()
    },
  }
}

/** @returns strikes written. */
async function fill({ prisma }: Pick<Database, 'prisma'>, rows?: number): Promise<number> {
  const catalogue = normalise((await readRecords()).slice(0, rows))
  const signal = new AbortController().signal
  return seed(prisma, catalogue, { signal, onProgress: () => {} })
}
