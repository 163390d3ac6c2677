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
import { activeProvider, adapterOf } from '../internals.ts'

/** Prisma's own codes, and the kinds that driver adapters give to errors. The errors of raw SQL have a kind only. */
export const PRISMA: readonly OutageSign[] = [
  { codes: ['P1001', 'DatabaseNotReachable'], meaning: 'the server could not be reached' },
  { codes: ['P1002'], meaning: 'the server did not answer in time' },
  {
    codes: ['P1008', 'SocketTimeout'],
    meaning: 'a timeout of the operation; with SQLite a lock held for too long',
  },
  { codes: ['P1017', 'ConnectionClosed'], meaning: 'the server closed the connection' },
  { codes: ['P2024'], meaning: 'no connection of the pool was free in time' },
  { codes: ['P2037', 'TooManyConnections'], meaning: 'too many connections' },
]

/** The driver `mariadb`. Adapters pass its numbers on, and the text of the cause. */
export const MARIADB: readonly OutageSign[] = [
  { codes: ['ER_SOCKET_UNEXPECTED_CLOSE', '45009'], meaning: 'the connection was lost' },
  { codes: ['ER_CONNECTION_TIMEOUT', '45012'], meaning: 'the `connectTimeout`' },
  { codes: ['ER_CMD_CONNECTION_CLOSED', '45013'], meaning: 'the connection of the pool was lost' },
  { codes: ['ER_SOCKET_TIMEOUT', '45026'], meaning: 'the `socketTimeout`' },
  {
    codes: ['ER_GET_CONNECTION_TIMEOUT', '45028'],
    unlessCause: 'SQLState: 28000',
    meaning: 'no connection of the pool within `acquireTimeout`, unless the server refused the credentials',
  },
  { codes: ['ER_PING_TIMEOUT', '45042'], meaning: 'the `pingTimeout`' },
]

/** The adapter of libSQL drops the code of an error, with which its message begins. */
export const LIBSQL_ADAPTER: readonly OutageSign[] = [
  {
    codes: ['sqlite'],
    beginnings: ['HRANA_WEBSOCKET_ERROR: '],
    meaning: 'the WebSocket could not be opened, or was lost',
  },
  {
    codes: ['sqlite'],
    beginnings: [502, 503, 504].map((status) => `SERVER_ERROR: Server returned HTTP status ${status}`),
    meaning: 'a gateway did not reach the server, or the server is overloaded',
  },
]

const OVER_NODE_POSTGRES = [...PRISMA, ...NETWORK, ...POSTGRES, ...NODE_POSTGRES]

/** The signs of an unreachable database, by the name of the driver adapter. PGlite has none: it runs in this process. */
export const SIGNS_BY_ADAPTER: Readonly<Record<string, readonly OutageSign[]>> = {
  '@prisma/adapter-pg': OVER_NODE_POSTGRES,
  '@prisma/adapter-mariadb': [...PRISMA, ...NETWORK, ...MYSQL, ...MARIADB],
  '@prisma/adapter-better-sqlite3': [...PRISMA, ...SQLITE],
  '@prisma/adapter-libsql': [...PRISMA, ...NETWORK, ...SQLITE, ...LIBSQL, ...LIBSQL_ADAPTER],
  'pglite-prisma-adapter': [],
}

/** For other adapters, by Prisma's provider. */
const SIGNS_BY_PROVIDER: Readonly<Record<string, readonly OutageSign[]>> = {
  postgresql: OVER_NODE_POSTGRES,
  cockroachdb: OVER_NODE_POSTGRES,
  mysql: [...PRISMA, ...NETWORK, ...MYSQL],
}

/** Classifies the errors of a client's reads. See `ReadPlan.unreachable`. */
export function unreachableOf(client: object): (error: unknown) => boolean {
  const adapter = String(adapterOf(client)?.adapterName)
  return createOutageDetector(
    SIGNS_BY_ADAPTER[adapter] ?? SIGNS_BY_PROVIDER[activeProvider(client)] ?? [...PRISMA, ...NETWORK],
  )
}
