import { type Connection, loadPackage, TIMEOUT, unreachableDatabase } from '../connection.ts'
import { readPostgres } from './read-catalogue.ts'

/** Connects to PostgreSQL. @throws DoctorError with the reason why it cannot. */
export async function connectPostgres(url: string): Promise<Connection> {
  const { Client } = await loadPackage('pg', () => import('pg'))
  try {
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: TIMEOUT,
      query_timeout: TIMEOUT,
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
    throw unreachableDatabase(error)
  }
}

/** The schema that Prisma's URL parameter names, whose tables come first. */
function schemaIn(url: string): string | null {
  return URL.canParse(url) ? new URL(url).searchParams.get('schema') : null
}
