import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { installDebianPackage } from './install.ts'
import { freePort, makeServerFolder, startServer } from './local.ts'
import { findProgram } from './program.ts'
import { type Finder, firstThatWorks, fromEnvironment, type Service, type Surroundings } from './service.ts'
import { thisMachine } from './surroundings.ts'

const fix = `Do one of these:
  set TEST_MARIADB_URL to a MariaDB on which the tests may create databases
  install MariaDB: apt install mariadb-server`

// The data is thrown away at the end: nothing has to survive a crash. Many tests connect at once.
const settings = [
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=0',
  '--skip-log-bin',
  '--performance-schema=OFF',
  '--max-connections=1000',
]

/**
 * Finds or starts a MariaDB, in this order: `TEST_MARIADB_URL`, programs on this machine (installed first where that is
 * allowed). The URL names no database: make your own.
 * @throws Error with every reason and the fix when there is no way.
 */
export function startMariadb(around: Surroundings = thisMachine()): Promise<Service> {
  return firstThatWorks('MariaDB', [fromEnvironment(around, 'TEST_MARIADB_URL'), fromPrograms(around)], fix)
}

function fromPrograms(around: Surroundings): Finder {
  const program = () => findProgram(['mariadbd', 'mysqld'], around)
  return {
    name: 'local',
    async find() {
      if (program() === undefined && around.mayInstall) await installDebianPackage('mariadb-server')
      const installed = program()
      return installed === undefined ? 'no program `mariadbd` on this machine' : await start(installed)
    },
  }
}

// Starts the server again if it crashes, which it does once in some thousand tests. It would fail all tests that follow.
const serveAgain = `
over=
trap 'over=1; kill -s TERM $child' TERM
until [ "$over" ]; do "$@" & child=$!; wait $child; sleep 0.2; done
wait
`

async function start(program: string): Promise<Service> {
  const room = makeServerFolder('mariadb', ['mysql', 'nobody'])
  const data = join(room.folder, 'data')
  const socket = join(room.folder, 'socket')
  const port = await freePort()
  const url = `mysql://root@127.0.0.1:${port}/`
  // Of its own, for temporary tables: a server that starts deletes those that it finds, also of another that runs.
  const folders = [`--datadir=${data}`, `--tmpdir=${room.folder}`]
  const files = ['--no-defaults', ...folders, `--socket=${socket}`, `--pid-file=${socket}.pid`]
  // Made by a program that ends, then served: the server refuses an empty folder.
  const make = `mariadb-install-db --no-defaults ${folders.join(' ')} --auth-root-authentication-method=normal --skip-test-db >/dev/null`
  const [command = 'sh', ...rest] = room.as(['sh', '-c', make])
  await promisify(execFile)(command, rest, { timeout: 120_000 })
  const serve = [program, ...files, `--port=${port}`, '--bind-address=127.0.0.1', ...settings]
  const stop = await startServer({
    command: ['sh', '-c', serveAgain, 'larder-mariadb', ...serve],
    signal: 'TERM',
    room,
    // The socket is there once the server listens; who connects earlier would be refused.
    answers: async () => {
      if (!existsSync(socket)) throw new Error('no socket yet')
    },
    within: 60_000,
  })
  return { url, from: 'local', stop }
}
