import { type Database, openDatabase } from '../examples/demo/src/database.ts'
import { normalise } from '../examples/demo/src/normalise.ts'
import { readRecords } from '../examples/demo/src/records.ts'
import { seed } from '../examples/demo/src/seed.ts'

export interface Catalogue extends Database {
  /** Strikes, with ids from 1 to this. */
  readonly rows: number
}

/** The demo's database, with all of its data: PostgreSQL inside this process. */
export async function openCatalogue(): Promise<Catalogue> {
  const catalogue = normalise(await readRecords())
  const database = await openDatabase()
  const signal = new AbortController().signal
  await seed(database.prisma, catalogue, { signal, onProgress: () => {} })
  return { ...database, rows: catalogue.strikes.length }
}
