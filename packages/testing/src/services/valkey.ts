import { once } from 'node:events'
import { connect } from 'node:net'
import { fromDocker } from './docker.ts'
import { installDebianPackage } from './install.ts'
import { freePort, makeServerFolder, startServer } from './local.ts'
import { findProgram } from './program.ts'
import { type Finder, firstThatWorks, fromEnvironment, type Service, type Surroundings } from './service.ts'
import { thisMachine } from './surroundings.ts'

const names = ['valkey-server', 'redis-server']

const fix = `Do one of these:
  set VALKEY_URL to a Valkey (or Redis) the tests may write to
  start Docker, pull valkey/valkey:8-alpine (or set LARDER_TEST_DOCKER=1)
  install Valkey: apt install valkey-server (Debian 12: from backports), or brew install valkey`

/**
 * Finds or starts a Valkey, in this order: `VALKEY_URL`, Docker, programs on this machine (installed first where that
 * is allowed; a Redis will do).
 * @throws Error with every reason and the fix when there is no way.
 */
export function startValkey(around: Surroundings = thisMachine()): Promise<Service> {
  const docker = fromDocker(around, {
    name: 'valkey/valkey:8-alpine',
    port: 6379,
    ready: { text: 'Ready to accept connections', times: 1 },
    url: (host, port) => `redis://${host}:${port}`,
  })
  return firstThatWorks('Valkey', [fromEnvironment(around, 'VALKEY_URL'), docker, fromPrograms(around)], fix)
}

function fromPrograms(around: Surroundings): Finder {
  return {
    name: 'local',
    async find() {
      let program = findProgram(names, around)
      if (program === undefined && around.mayInstall) {
        await installDebianPackage('valkey-server')
        program = findProgram(names, around)
      }
      return program === undefined ? `no program ${names.join(' or ')} on this machine` : await start(program)
    },
  }
}

async function start(program: string): Promise<Service> {
  const room = makeServerFolder('valkey')
  const port = await freePort()
  const settings = { bind: '127.0.0.1', port: String(port), dir: room.folder, save: '', appendonly: 'no' }
  const stop = await startServer({
    command: [program, ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])],
    signal: 'TERM',
    room,
    answers: () => ping(port),
    within: 15_000,
  })
  return { url: `redis://127.0.0.1:${port}`, from: 'local', stop }
}

async function ping(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  try {
    const signal = AbortSignal.timeout(2_000)
    await once(socket, 'connect', { signal })
    socket.write('PING\r\n')
    const [answer] = await once(socket, 'data', { signal })
    if (!String(answer).startsWith('+PONG')) throw new Error(`PING was answered with ${String(answer)}`)
  } finally {
    socket.destroy()
  }
}
