import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { handOver } from '../services/local.ts'
import { findProgram } from '../services/program.ts'
import { thisMachine } from '../services/surroundings.ts'
import { type KeptProgram, keep } from './keeper.ts'
import { ownPort } from './port.ts'
import { until } from './until.ts'

/** A database server of one test's own, which it may pause, stop, kill and start again on the same port. */
export interface DatabaseServer {
  readonly port: number
  readonly url: string
  /** Starts it again. Resolves when it answers. */
  start(): Promise<void>
  /** kill -9 of all its processes. Does nothing when it is down. */
  kill(): Promise<void>
  /** An orderly shutdown that does not wait for clients. Resolves when it is gone. */
  shutDown(): Promise<void>
  /** SIGSTOP of all its processes: connections stay open, and nothing answers. */
  pause(): void
  resume(): void
  /** Kills it and removes its files. */
  stop(): Promise<void>
}

/**
 * Starts a PostgreSQL on 127.0.0.1 that belongs to this process and ends with it.
 * @param settings more of its configuration, such as `['max_connections=5']`.
 */
export async function startPostgresServer(settings: readonly string[] = []): Promise<DatabaseServer> {
  const program = programOf('PostgreSQL', ['postgres'])
  const port = await ownPort()
  const url = `postgresql://larder@127.0.0.1:${port}/postgres`
  const all = [
    ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'shared_buffers=16MB'],
    ...settings,
  ].flatMap((each) => ['-c', each])
  const launch: Launch = {
    name: 'postgres',
    users: ['postgres', 'nobody'],
    initialise: (data) => [
      join(dirname(program), 'initdb'),
      ...['-D', data, '-U', 'larder', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    ],
    serve: (data) => [program, '-D', data, '-p', String(port), ...all],
    // Fast shutdown: open transactions are rolled back, and clients are disconnected.
    shutDown: 'SIGINT',
    answers: () => askPostgres(url),
  }
  return started(launch, port, url)
}

/**
 * Starts a MariaDB on 127.0.0.1 that belongs to this process and ends with it.
 * @param settings more of its command line, such as `['--max-connections=10']`.
 */
export async function startMariadbServer(settings: readonly string[] = []): Promise<DatabaseServer> {
  const program = programOf('MariaDB', ['mariadbd', 'mysqld'])
  const port = await ownPort()
  const url = `mysql://root@127.0.0.1:${port}/`
  const usual = ['--bind-address=127.0.0.1', '--skip-log-bin', '--innodb-flush-log-at-trx-commit=2']
  // For temporary tables: a server that starts deletes those that it finds, also of another that runs.
  const foldersOf = (data: string): readonly string[] => [`--datadir=${data}`, `--tmpdir=${dirname(data)}`]
  const launch: Launch = {
    name: 'mariadb',
    users: ['mysql', 'nobody'],
    initialise: (data) => [
      'mariadb-install-db',
      ...['--no-defaults', ...foldersOf(data), '--auth-root-authentication-method=normal', '--skip-test-db'],
    ],
    serve: (data) => [
      ...[program, '--no-defaults', ...foldersOf(data), `--socket=${data}/socket`, `--port=${port}`],
      ...[`--pid-file=${data}/pid`, ...usual, ...settings],
    ],
    shutDown: 'SIGTERM',
    answers: () => askMariadb(port),
  }
  return started(launch, port, url)
}

interface Launch {
  readonly name: string
  readonly users: readonly string[]
  readonly initialise: (data: string) => readonly string[]
  readonly serve: (data: string) => readonly string[]
  readonly shutDown: NodeJS.Signals
  readonly answers: () => Promise<void>
}

function programOf(server: string, names: readonly string[]): string {
  const program = findProgram(names, thisMachine())
  if (program === undefined)
    throw new Error(`${server} is not installed on this machine: no ${names.join(' or ')}`)
  return program
}

async function started(launch: Launch, port: number, url: string): Promise<DatabaseServer> {
  let initialise: readonly string[] = []
  const started = keep(launch.name, (folder) => {
    const as = handOver(launch.name, folder, launch.users)
    const data = join(folder, 'data')
    initialise = as(launch.initialise(data))
    return as(launch.serve(data))
  })
  const server = serverOf(started, launch, port, url)
  try {
    const [command = '', ...parameters] = initialise
    await promisify(execFile)(command, parameters, { cwd: started.folder, timeout: 120_000 })
    await server.start()
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

function serverOf(kept: KeptProgram, launch: Launch, port: number, url: string): DatabaseServer {
  const signalAll = (name: NodeJS.Signals): void => {
    // The parent first, so that it starts no other process.
    for (const pid of kept.pid === undefined ? [] : [kept.pid, ...childrenOf(kept.pid)]) send(pid, name)
  }
  return {
    port,
    url,
    async start() {
      // The processes of a server that was killed may hold its memory for a moment, and another start is refused.
      await until(async () => {
        await kept.start()
        await launch.answers()
        return true
      }, 60_000).catch((cause: unknown) => {
        throw new Error(`${launch.name} on port ${port} does not start:\n${kept.lastWords()}`, { cause })
      })
    },
    async kill() {
      const children = kept.pid === undefined ? [] : childrenOf(kept.pid)
      await kept.kill()
      for (const pid of children) send(pid, 'SIGKILL')
    },
    async shutDown() {
      if (kept.pid !== undefined) process.kill(kept.pid, launch.shutDown)
      await until(() => kept.pid === undefined, 30_000)
    },
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    async stop() {
      signalAll('SIGKILL')
      await kept.stop()
    },
  }
}

/** Does nothing if the process has ended by itself. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ESRCH') throw error
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
      .map(Number)
  } catch {
    // pgrep fails if there are none.
    return []
  }
}

async function askPostgres(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
  } finally {
    await client.end()
  }
}

/** The server speaks first: its version, or an error. */
async function askMariadb(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  try {
    const [packet] = (await once(socket, 'data', { signal: AbortSignal.timeout(2_000) })) as [Buffer]
    if (packet[4] !== PROTOCOL_VERSION) throw new Error('the server refuses connections')
  } finally {
    socket.destroy()
  }
}

const PROTOCOL_VERSION = 10
