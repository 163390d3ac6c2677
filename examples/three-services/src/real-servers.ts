import { createDatabase, startPostgres, startValkey } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { CannotRun, reasonOf } from './cannot-run.ts'

export interface RealServers {
  /** The environment, with the URLs of this run. */
  readonly env: NodeJS.ProcessEnv
  stop(): Promise<void>
}

/**
 * A database of this run's own on the server of `DATABASE_URL`, which is dropped at the end. With `services`, servers that are
 * not given are found or started as for the tests: in Docker, or by their programs on this machine.
 * @throws CannotRun that names the URL of a server which cannot be used.
 */
export async function realServers(env: NodeJS.ProcessEnv, services: boolean): Promise<RealServers> {
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0)) await each()
  }
  const own: NodeJS.ProcessEnv = { ...env }
  try {
    if (env.VALKEY_URL) await mustAnswer(env.VALKEY_URL)
    else if (services) {
      const valkey = await started('Valkey', startValkey)
      stops.unshift(valkey.stop)
      own.VALKEY_URL = valkey.url
    }
    if (services && !env.DATABASE_URL) {
      const postgres = await started('PostgreSQL', startPostgres)
      stops.unshift(postgres.stop)
      own.DATABASE_URL = postgres.url
    }
    if (own.DATABASE_URL) {
      const database = await databaseOn(own.DATABASE_URL)
      stops.unshift(database.drop)
      own.DATABASE_URL = database.url
    }
    return { env: own, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function started<T>(name: string, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    throw new CannotRun(`--services needs ${name}. ${reasonOf(error)}`)
  }
}

async function mustAnswer(url: string): Promise<void> {
  try {
    const store = valkeyStore(url)
    await store.ping().finally(() => store.close())
  } catch (error) {
    // Without the URL, which may hold a password.
    throw new CannotRun(`The server of VALKEY_URL cannot be used: ${reasonOf(error)}`)
  }
}

async function databaseOn(url: string): ReturnType<typeof createDatabase> {
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new CannotRun(
      'DATABASE_URL must be that of a PostgreSQL server: postgresql://user:password@host:5432/name',
    )
  try {
    return await createDatabase(url)
  } catch (error) {
    throw new CannotRun(`The server of DATABASE_URL cannot be used: ${reasonOf(error)}`)
  }
}
