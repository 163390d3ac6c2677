import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { fromDocker } from './docker.ts'
import { installDebianPackage } from './install.ts'
import { freePort, makeServerFolder, startServer } from './local.ts'
import { findProgram } from './program.ts'
import { type Finder, firstThatWorks, fromEnvironment, type Service, type Surroundings } from './service.ts'
import { thisMachine } from './surroundings.ts'

// The data is thrown away at the end: nothing has to survive a crash, and its log stays small, as it may be in memory.
// The rest leaves room for many tests at once.
const settings = [
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=off',
  'max_wal_size=128MB',
  'max_connections=200',
  'shared_buffers=64MB',
  'jit=off',
].flatMap((each) => ['-c', each])

const fix = `Do one of these:
  set TEST_DATABASE_URL to a PostgreSQL on which the tests may create databases
  start Docker, pull postgres:17-alpine (or set LARDER_TEST_DOCKER=1)
  install PostgreSQL: apt install postgresql, or brew install postgresql@17`

/**
 * Finds or starts a PostgreSQL, in this order: `TEST_DATABASE_URL`, Docker, programs on this machine (installed first
 * where that is allowed). The URL names a maintenance database: make your own with `createDatabase`.
 * @throws Error with every reason and the fix when there is no way.
 */
export function startPostgres(around: Surroundings = thisMachine()): Promise<Service> {
  const docker = fromDocker(around, {
    name: 'postgres:17-alpine',
    port: 5432,
    environment: { POSTGRES_USER: 'larder', POSTGRES_PASSWORD: 'larder' },
    command: ['postgres', ...settings],
    ready: { text: 'database system is ready to accept connections', times: 2 },
    url: (host, port) => `postgresql://larder:larder@${host}:${port}/postgres`,
  })
  return firstThatWorks(
    'PostgreSQL',
    [fromEnvironment(around, 'TEST_DATABASE_URL'), docker, fromPrograms(around)],
    fix,
  )
}

function fromPrograms(around: Surroundings): Finder {
  return {
    name: 'local',
    async find() {
      let program = findProgram(['postgres'], around)
      if (program === undefined && around.mayInstall) {
        await installDebianPackage('postgresql')
        program = findProgram(['postgres'], around)
      }
      return program === undefined ? 'no program `postgres` on this machine' : await start(program)
    },
  }
}

// Made by the process that serves, so that a test run killed in between leaves nothing behind.
const makeAndServe = `
initdb=$0 data=$1; shift
"$initdb" -D "$data" -U larder -A trust -E UTF8 --locale=C --no-sync && exec "$@"
`

async function start(program: string): Promise<Service> {
  const room = makeServerFolder('postgres', ['postgres', 'nobody'])
  const data = join(room.folder, 'data')
  const port = await freePort()
  const url = `postgresql://larder@127.0.0.1:${port}/postgres`
  const nearby = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=']
  const serve = [program, '-D', data, '-p', String(port), ...nearby, ...settings]
  const stop = await startServer({
    command: ['sh', '-c', makeAndServe, join(dirname(program), 'initdb'), data, ...serve],
    signal: 'INT',
    room,
    answers: () => selectOne(url),
    within: 60_000,
  })
  return { url, from: 'local', stop }
}

async function selectOne(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  // Without a listener an error between connect and end would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
  } finally {
    await client.end()
  }
}
