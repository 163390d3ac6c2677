import { existsSync } from 'node:fs'
import type { Engine, ReadPlan } from '@larder/core/host'
import type { LibsqlDatabase } from '../connection/libsql.ts'
import type { SessionParts } from '../versions/parts.ts'

/** Suffixes of the files that libSQL creates next to the file of an embedded replica, depending on its version. */
const REPLICA_FILES = ['-client_wal_index', '-info'] as const

interface LibsqlClient {
  readonly protocol?: unknown
  execute(sql: string): Promise<{ readonly rows: readonly (ArrayLike<unknown> | undefined)[] }>
}

/**
 * An engine that caches nothing if the libSQL db is an embedded replica (`syncUrl`), whose file is behind the primary.
 * The client does not expose its options, so its files are inspected before the first read that would be cached or write
 * that would be stored. A replica is reported with a warning, and its reads bypass the cache.
 * @param database receives the result of the inspection.
 */
export function bypassReplicas(engine: Engine, session: SessionParts, database: LibsqlDatabase): Engine {
  const client = session.client as LibsqlClient
  if (client?.protocol !== 'file') return engine
  let inspection: Promise<boolean> | undefined
  let isPrimary = false
  const inspect = async (): Promise<boolean> => {
    try {
      const replica = await isReplica(client, database)
      isPrimary = !replica
      if (replica) warn(engine)
      return replica
    } catch {
      // The next read tries again. What is not cached until then cannot be stale.
      inspection = undefined
      return true
    }
  }
  return {
    ...engine,
    write({ through, ...plan }, transaction) {
      if (!through) return engine.write(plan, transaction)
      const unlessReplica = {
        ...through,
        reads: (result: never) => (isPrimary ? through.reads(result) : []),
      }
      if (isPrimary || transaction) return engine.write({ ...plan, through: unlessReplica }, transaction)
      inspection ??= inspect()
      const inspected = inspection
      // The write is marked in this call and keeps its turn among the statements while it waits.
      const run = async () => {
        await inspected
        return plan.run()
      }
      return engine.write({ ...plan, run, through: unlessReplica })
    },
    async read<T>(plan: ReadPlan<T>): Promise<T> {
      if (isPrimary || !(plan.policy || (isUncached(plan) && engine.isCapturing()))) return engine.read(plan)
      inspection ??= inspect()
      return (await inspection)
        ? engine.read({ ...plan, policy: undefined, bypass: plan.bypass ?? 'opaque', dependencies: unknown })
        : engine.read(plan)
    },
  }
}

const unknown = (): undefined => undefined

/** A read on which a computed value may depend although it is not cached. No other one may wait for the inspection. */
const isUncached = ({ bypass }: ReadPlan<unknown>): boolean => bypass === undefined || bypass === 'disabled'

async function isReplica(client: LibsqlClient, database: LibsqlDatabase): Promise<boolean> {
  const { rows } = await client.execute('PRAGMA database_list')
  const files = rows.map((row) => String(row?.[2] ?? '')).filter(Boolean)
  database.inspected = { files, integers: typeof rows[0]?.[0] }
  return files.some((file) => REPLICA_FILES.some((suffix) => existsSync(`${file}${suffix}`)))
}

function warn(engine: Engine): void {
  const message =
    'this libSQL db is an embedded replica (syncUrl): its file may be behind the primary, so nothing is cached. Pass drizzleCache a db over the primary, without syncUrl'
  engine.events.emit('warning', { code: 'embedded-replica', message })
  process.emitWarning(`larder: ${message}`)
}
