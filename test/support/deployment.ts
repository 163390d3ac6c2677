import { createDatabase, type OwnServer, postgresUrl, startServer } from '@larder/testing'
import pg from 'pg'
import { type ServiceProcess, startService } from './service-process.ts'

/** A service as it is deployed: two processes of it, one PostgreSQL, and a Valkey of their own that a test may kill. */
export interface Deployment {
  readonly services: readonly [ServiceProcess, ServiceProcess]
  /** To the database of the service, past it. */
  readonly pool: pg.Pool
  readonly valkey: OwnServer
  stop(): Promise<void>
}

/**
 * Starts a service of `examples`.
 * @param settings of the Valkey.
 * @param env more than the URLs of the two servers.
 */
export async function deploy(
  name: string,
  settings: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Deployment> {
  const [database, valkey] = await Promise.all([postgresUrl().then(createDatabase), startServer(settings)])
  const pool = new pg.Pool({ connectionString: database.url, max: 4 })
  const start = (): Promise<ServiceProcess> =>
    startService(name, { DATABASE_URL: database.url, VALKEY_URL: valkey.url, ...env })
  // Both at once: one of them creates the tables.
  const services = await Promise.all([start(), start()])
  return {
    services,
    pool,
    valkey,
    async stop() {
      await Promise.all(services.map((service) => service.stop()))
      await pool.end()
      await valkey.stop()
      await database.drop()
    },
  }
}
