import { existsSync } from 'node:fs'
import type { Engine, ReadPlan } from '@larder/core/host'
import type { LibsqlFiles } from '../connection/libsql.ts'
import type { SessionParts } from '../versions/parts.ts'

/** What libSQL keeps beside the file of an embedded replica, and beside no other; by version. */
const BESIDE = ['-client_wal_index', '-info'] as const

interface LibsqlClient {
  readonly protocol?: unknown
  execute(sql: string): Promise<{ readonly rows: readonly (ArrayLike<unknown> | undefined)[] }>
}

/**
 * The engine for a libSQL db that may be an embedded replica (`syncUrl`): its file is behind the primary's, so what it
 * reads must not be stored. The client does not show its options, so its file is looked at before the first read that
 * would be cached, or write that would be stored; a replica is warned of, and read past the cache. `found` is given what
 * was seen.
 */
export function sparingReplicas(engine: Engine, session: SessionParts, found: LibsqlFiles): Engine {
  const client = session.client as LibsqlClient
  if (client?.protocol !== 'file') return engine
  let asked: Promise<boolean> | undefined
  let plain = false
  const ask = async (): Promise<boolean> => {
    try {
      const replica = await isReplica(client, found)
      plain = !replica
      if (replica) warn(engine)
      return replica
    } catch {
      // Whoever reads next asks again; what is not stored until then is not stale.
      asked = undefined
      return true
    }
  }
  return {
    ...engine,
    write({ through, ...plan }, transaction) {
      if (!through) return engine.write(plan, transaction)
      const unlessReplica = {
        ...through,
        reads: (result: never) => (plain ? through.reads(result) : []),
      }
      if (plain || transaction) return engine.write({ ...plan, through: unlessReplica }, transaction)
      asked ??= ask()
      const answered = asked
      // The write is marked in its call, and keeps its place among the statements while it waits.
      const run = async () => {
        await answered
        return plan.run()
      }
      return engine.write({ ...plan, run, through: unlessReplica })
    },
    async read<T>(plan: ReadPlan<T>): Promise<T> {
      if (plain || !plan.policy) return engine.read(plan)
      asked ??= ask()
      return (await asked) ? engine.read({ ...plan, policy: undefined, bypass: 'opaque' }) : engine.read(plan)
    },
  }
}

async function isReplica(client: LibsqlClient, found: LibsqlFiles): Promise<boolean> {
  const { rows } = await client.execute('PRAGMA database_list')
  const files = rows.map((row) => String(row?.[2] ?? '')).filter(Boolean)
  found.seen = { files, integers: typeof rows[0]?.[0] }
  return files.some((file) => BESIDE.some((end) => existsSync(`${file}${end}`)))
}

function warn(engine: Engine): void {
  const message =
    'this libSQL db is an embedded replica (syncUrl): its file may be behind the primary, so nothing is cached. Give drizzleCache a db over the primary, without syncUrl'
  engine.events.emit('warning', { code: 'embedded-replica', message })
  process.emitWarning(`larder: ${message}`)
}
