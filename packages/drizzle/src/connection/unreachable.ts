import {
  createOutageDetector,
  LIBSQL,
  MYSQL,
  NETWORK,
  NODE_POSTGRES,
  type OutageSign,
  POSTGRES,
  SQLITE,
} from '@larder/core/host'

export const POSTGRES_JS: readonly OutageSign[] = [
  { codes: ['CONNECT_TIMEOUT'], meaning: 'the `connect_timeout`' },
  { codes: ['CONNECTION_CLOSED'], meaning: 'the connection was lost' },
]

export const MYSQL2: readonly OutageSign[] = [
  { codes: ['PROTOCOL_CONNECTION_LOST'], meaning: 'the connection was lost' },
  { codes: ['PROTOCOL_SEQUENCE_TIMEOUT'], meaning: 'the `timeout` of a query' },
  {
    message: 'Queue limit reached.',
    meaning: 'no connection of the pool was free, and its `queueLimit` was reached',
  },
  {
    message: 'No connections available.',
    meaning: 'no connection of the pool was free, with `waitForConnections: false`',
  },
]

/** The signs of an unreachable database, by the name of Drizzle's session. PGlite and node:sqlite have none: they run in this process. */
export const SIGNS_BY_SESSION: Readonly<Record<string, readonly OutageSign[]>> = {
  NodePgSession: [...NETWORK, ...POSTGRES, ...NODE_POSTGRES],
  NeonSession: [...NETWORK, ...POSTGRES, ...NODE_POSTGRES],
  PostgresJsSession: [...NETWORK, ...POSTGRES, ...POSTGRES_JS],
  MySql2Session: [...NETWORK, ...MYSQL, ...MYSQL2],
  LibSQLSession: [...NETWORK, ...SQLITE, ...LIBSQL],
  BetterSQLiteSession: SQLITE,
  PgliteSession: [],
  SQLJsSession: [],
  NodeSQLiteSession: [],
}

/** Classifies the errors of a driver's reads. See `ReadPlan.unreachable`. */
export function unreachableOf(driver: string): (error: unknown) => boolean {
  return createOutageDetector(SIGNS_BY_SESSION[driver] ?? [])
}
