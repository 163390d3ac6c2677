import { createInterned } from '../base/interned.ts'
import type { KnownDatabase } from '../plan/known-databases.ts'
import type { Table } from '../plan/table.ts'

/** The tables of one client, and the text that tells its schema from others. */
export interface ClientTables {
  readonly database: string
  readonly schema: string
  readonly tables: ReadonlyMap<string, Table>
}

/** The place of one client in the registry. */
export interface RegisteredClient {
  /** To be called with a text of what the client is connected to, whenever that is another. */
  connect(connection: string): void
  /** Removes the client at once. */
  remove(): void
}

/** Which databases and tables explicit invalidation and `wrap` know. */
export interface DatabaseRegistry {
  /**
   * Adds the tables of a client. They stay known until `holder` is collected, and after that until every entry that the
   * client can have stored has expired.
   */
  add(client: ClientTables, holder: object): RegisteredClient
  list(): readonly KnownDatabase[]
  /** What all clients are connected to, in one order; `undefined` for one that is not known yet. */
  connections(): readonly (string | undefined)[]
}

interface RegisteredDatabase extends ClientTables {
  readonly connection: string | undefined
  clients: number
  /** When its last entries expire; counts once there are no clients. */
  until: number
}

/** Calls `then` some time after `holder` was collected, unless what it returns was called before. */
export type OnCollected = (holder: object, then: () => void) => () => void

function onCollectedByRuntime(): OnCollected {
  const collected = new FinalizationRegistry<() => void>((then) => then())
  return (holder, then) => {
    const token = {}
    collected.register(holder, then, token)
    return () => void collected.unregister(token)
  }
}

/**
 * Clients of one database and one schema are one record, so a client per request adds nothing. `now` and
 * `longestLifetime` are in milliseconds.
 */
export function createDatabaseRegistry(
  now: () => number,
  longestLifetime: () => number,
  onCollected: OnCollected = onCollectedByRuntime(),
): DatabaseRegistry {
  const databases = new Map<string, RegisteredDatabase>()
  const schemas = createInterned<ClientTables['tables']>()
  let listed: readonly KnownDatabase[] | undefined
  let connected: readonly (string | undefined)[] | undefined
  const changed = (): void => {
    listed = undefined
    connected = undefined
  }
  const sweep = (): void => {
    for (const [name, { clients, until }] of databases)
      if (!clients && until <= now()) {
        databases.delete(name)
        changed()
      }
  }
  const release = (name: string, until: number): void => {
    const record = databases.get(name)
    if (!record) return
    record.clients--
    record.until = Math.max(record.until, until)
    sweep()
  }
  const hold = ({ database, schema, tables }: ClientTables, connection: string | undefined): string => {
    const name = JSON.stringify([database, schema, connection])
    const record = databases.get(name) ?? { database, schema, tables, connection, clients: 0, until: 0 }
    if (!databases.has(name)) changed()
    record.clients++
    databases.set(name, record)
    return name
  }
  return {
    add({ database, schema, tables }, holder) {
      sweep()
      const client = { database, schema, tables: schemas.get(schema, () => tables) }
      let name = hold(client, undefined)
      let added = true
      const forget = onCollected(holder, () => release(name, now() + longestLifetime()))
      return {
        connect(connection) {
          const before = name
          if (!added) return
          name = hold(client, connection)
          release(before, now())
        },
        remove() {
          if (!added) return
          added = false
          forget()
          release(name, now())
        },
      }
    },
    list() {
      sweep()
      listed ??= byDatabase([...databases.values()])
      return listed
    },
    connections() {
      sweep()
      connected ??= [...new Set([...databases.values()].map(({ connection }) => connection))].sort()
      return connected
    },
  }
}

function byDatabase(clients: readonly ClientTables[]): readonly KnownDatabase[] {
  const byName = new Map<string, Set<ClientTables['tables']>>()
  for (const { database, tables } of clients)
    byName.set(database, (byName.get(database) ?? new Set()).add(tables))
  return [...byName].map(([database, tables]) => ({ database, tables: [...tables] }))
}
