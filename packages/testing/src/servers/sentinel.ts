import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isLinked } from './cluster-view.ts'
import { type Launch, type OwnServer, startServer } from './server.ts'
import { until } from './until.ts'

/** A primary, its replicas, and the sentinels that watch them. */
export interface Sentinels {
  /** The name under which the sentinels know the primary. */
  readonly name: string
  /** The first one was the primary at the start. */
  readonly servers: readonly OwnServer[]
  readonly sentinels: readonly OwnServer[]
  /** What a client is given. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[]
  /** Who is the primary, as the sentinels say. @throws Error while they disagree. */
  primary(): Promise<OwnServer>
  stop(): Promise<void>
}

const NAME = 'main'
const QUORUM = 2

/**
 * Starts a primary, two replicas and three sentinels, which replace a primary that does not answer for a second.
 * @param settings more configuration of the primary and the replicas.
 */
export async function startSentinels(settings: readonly string[] = []): Promise<Sentinels> {
  const all: OwnServer[] = []
  const started = async (server: Promise<OwnServer>): Promise<OwnServer> => {
    all.push(await server)
    return server
  }
  const stop = async (): Promise<void> => {
    await Promise.all(all.map((server) => server.stop()))
  }
  try {
    const quick = ['--repl-diskless-sync-delay', '0', ...settings]
    const primary = await started(startServer(quick))
    const replica = ['--replicaof', `127.0.0.1 ${primary.port}`, ...quick]
    const replicas = await Promise.all([1, 2].map(() => started(startServer(replica))))
    await until(async () => (await Promise.all(replicas.map(isLinked))).every(Boolean))
    const sentinels = await Promise.all([1, 2, 3].map(() => started(startServer([], sentinel(primary.port)))))
    await until(async () => (await Promise.all(sentinels.map(seesAll))).every(Boolean), 30_000)
    const servers = [primary, ...replicas]
    return {
      name: NAME,
      servers,
      sentinels,
      addresses: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      primary: () => primaryOf(servers, sentinels),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function sentinel(primary: number): Launch {
  return {
    command(folder, port) {
      const file = join(folder, 'sentinel.conf')
      writeFileSync(
        file,
        `bind 127.0.0.1
port ${port}
dir ${folder}
sentinel monitor ${NAME} 127.0.0.1 ${primary} ${QUORUM}
sentinel down-after-milliseconds ${NAME} 1000
sentinel failover-timeout ${NAME} 6000
`,
      )
      return [file, '--sentinel']
    },
  }
}

/** Whether a sentinel knows both replicas and both other sentinels: it can replace the primary from then on. */
async function seesAll(server: OwnServer): Promise<boolean> {
  const info = String(await server.call('INFO', 'sentinel'))
  return /status=ok,.*slaves=2,sentinels=3/.test(info)
}

async function primaryOf(servers: readonly OwnServer[], sentinels: readonly OwnServer[]): Promise<OwnServer> {
  const answers = sentinels.map((each) => each.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME))
  const settled = await Promise.allSettled(answers)
  const ports = new Set(
    settled.map((each) => each.status === 'fulfilled' && (each.value as readonly string[])[1]),
  )
  ports.delete(false)
  const [port] = ports
  if (ports.size !== 1) throw new Error(`the sentinels name ${ports.size} primaries`)
  const primary = servers.find((server) => server.port === Number(port))
  if (primary === undefined) throw new Error(`the sentinels name port ${port}, which nobody started here has`)
  return primary
}
