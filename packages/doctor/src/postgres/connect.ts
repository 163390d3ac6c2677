import { type Connection, driver, PATIENCE, unreachable } from '../connection.ts'
import { readPostgres } from './read-catalogue.ts'

/** Connects to a PostgreSQL. @throws Mistake saying why it cannot. */
export async function connectPostgres(url: string): Promise<Connection> {
  const { Client } = await driver('pg', () => import('pg'))
  try {
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: PATIENCE,
      query_timeout: PATIENCE,
      application_name: 'larder doctor',
    })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.query('BEGIN READ ONLY')
      const schema = schemaIn(url)
      if (schema) await client.query(`SET LOCAL search_path TO ${client.escapeIdentifier(schema)}`)
    } catch (error) {
      await client.end().catch(() => {})
      throw error
    }
    return {
      readCatalogue: () => readPostgres(async (sql) => (await client.query(sql)).rows),
      close: () => client.end(),
    }
  } catch (error) {
    throw unreachable(error)
  }
}

/** As Prisma names it: the schema whose tables are meant. */
function schemaIn(url: string): string | null {
  return URL.canParse(url) ? new URL(url).searchParams.get('schema') : null
}
