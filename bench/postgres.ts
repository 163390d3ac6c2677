import { createDatabase, startPostgres } from '@larder/testing'
import pg from 'pg'
import { noteServer } from './machine.ts'

/** A database of this run on a PostgreSQL server, found or started. */
export interface Postgres {
  readonly url: string
  close(): Promise<void>
}

/**
 * @param fill makes what the database has at the beginning.
 * @throws Error where there is no PostgreSQL.
 */
export async function openPostgres(fill: (client: pg.Client) => Promise<unknown>): Promise<Postgres> {
  const service = await startPostgres()
  const { url, drop } = await createDatabase(service.url)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await fill(client)
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
  noteServer('postgres', rows[0]?.server_version ?? '?')
  await client.end()
  return {
    url,
    async close() {
      await drop()
      await service.stop()
    },
  }
}
