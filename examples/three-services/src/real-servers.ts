import { createDatabase, startPostgres, startValkey } from '@larder/testing'

export interface RealServers {
  /** The environment, with the URLs of this run. */
  readonly env: Readonly<Record<string, string | undefined>>
  stop(): Promise<void>
}

/**
 * A database of this run's own on the server of `DATABASE_URL`, which is dropped at the end. With `--services`, servers that are
 * not given are found or started as for the tests: in Docker, or by their programs on this machine.
 */
export async function realServers(env: NodeJS.ProcessEnv, services: boolean): Promise<RealServers> {
  const stops: (() => Promise<void>)[] = []
  const own: Record<string, string | undefined> = { ...env }
  if (services && !env.DATABASE_URL) {
    const postgres = await startPostgres()
    stops.unshift(postgres.stop)
    own.DATABASE_URL = postgres.url
  }
  if (services && !env.VALKEY_URL) {
    const valkey = await startValkey()
    stops.unshift(valkey.stop)
    own.VALKEY_URL = valkey.url
  }
  if (own.DATABASE_URL) {
    const database = await createDatabase(own.DATABASE_URL)
    stops.unshift(database.drop)
    own.DATABASE_URL = database.url
  }
  return {
    env: own,
    async stop() {
      for (const stop of stops) await stop()
    },
  }
}
