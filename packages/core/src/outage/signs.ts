import type { OutageSign } from './detector.ts'

// The signs of what several drivers have in common. Those of one driver stand in the package of its host.
// docs/unreachable-database.md has the same tables, and a test compares them.

/** Node's codes for a connection that fails or breaks. */
export const NETWORK: readonly OutageSign[] = [
  { codes: ['ECONNREFUSED'], meaning: 'nobody listens at the address' },
  {
    codes: ['ENOENT'],
    beginnings: ['connect ENOENT'],
    meaning: "the server's Unix socket does not exist",
  },
  { codes: ['ECONNRESET', 'ECONNABORTED', 'EPIPE'], meaning: 'the connection was broken' },
  { codes: ['ETIMEDOUT'], meaning: 'no answer in time' },
  { codes: ['ENOTFOUND', 'EAI_AGAIN'], meaning: "the host's name could not be resolved" },
  { codes: ['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN'], meaning: 'no route to the host' },
]

/** SQLSTATEs by which PostgreSQL, or a pooler in front of it, refuses or ends a connection. */
export const POSTGRES: readonly OutageSign[] = [
  {
    codes: ['08000', '08001', '08003', '08004', '08006', '08007', '08P01'],
    fatal: true,
    meaning: 'the connection failed; poolers report a full or an unreachable server like this',
  },
  { codes: ['53300'], fatal: true, meaning: 'too many connections' },
  {
    codes: ['57P01'],
    fatal: true,
    meaning: 'the server is shut down, or an administrator ended the connection',
  },
  { codes: ['57P02'], fatal: true, meaning: 'the server has crashed' },
  { codes: ['57P03'], fatal: true, meaning: 'the server is starting, stopping or recovering' },
  { codes: ['57P05'], fatal: true, meaning: 'the server ended a connection that was idle for too long' },
  {
    codes: ['57014'],
    message: 'canceling statement due to statement timeout',
    meaning: "the server's `statement_timeout`",
  },
]

/** Errors of node-postgres, which have no code. */
export const NODE_POSTGRES: readonly OutageSign[] = [
  { message: 'Connection terminated unexpectedly', meaning: 'the connection was lost' },
  {
    message: 'Connection terminated due to connection timeout',
    meaning: "the pool's `connectionTimeoutMillis`",
  },
  {
    message: 'timeout exceeded when trying to connect',
    meaning: 'no connection of the pool was free within `connectionTimeoutMillis`',
  },
  { message: 'timeout expired', meaning: "a client's `connectionTimeoutMillis`" },
  { message: 'Query read timeout', meaning: 'the `query_timeout` of the driver' },
  {
    message: 'Client has encountered a connection error and is not queryable',
    meaning: 'a single client whose connection was lost',
  },
]

/** Errors by which MySQL or MariaDB refuses or ends a connection. By number too: drivers do not know all names. */
export const MYSQL: readonly OutageSign[] = [
  { codes: ['ER_CON_COUNT_ERROR', '1040'], meaning: 'too many connections' },
  { codes: ['ER_TOO_MANY_USER_CONNECTIONS', '1203'], meaning: 'too many connections of the user' },
  { codes: ['ER_USER_LIMIT_REACHED', '1226'], meaning: "a limit of the user's connections or queries" },
  { codes: ['ER_SERVER_SHUTDOWN', '1053'], meaning: 'the server is shut down' },
  { codes: ['ER_HOST_IS_BLOCKED', '1129'], meaning: 'the server blocks the host after connection errors' },
  { codes: ['ER_ABORTING_CONNECTION', '1152'], meaning: 'the server ended the connection' },
  {
    codes: [
      ...['ER_NET_READ_ERROR', '1158', 'ER_NET_READ_INTERRUPTED', '1159'],
      ...['ER_NET_ERROR_ON_WRITE', '1160', 'ER_NET_WRITE_INTERRUPTED', '1161'],
    ],
    meaning: 'the connection was broken, or was silent for too long',
  },
  { codes: ['ER_CONNECTION_KILLED', '1927'], meaning: 'an administrator or a shutdown ended the connection' },
  { codes: ['ER_STATEMENT_TIMEOUT', '1969'], meaning: "MariaDB's `max_statement_time`" },
  { codes: ['ER_QUERY_TIMEOUT', '3024'], meaning: "MySQL's `max_execution_time`" },
  { codes: ['ER_SERVER_OFFLINE_MODE', '3032'], meaning: 'the server is in offline mode' },
  { codes: ['ER_SESSION_WAS_KILLED', '3169'], meaning: 'an administrator ended the connection' },
  {
    codes: ['ER_CLIENT_INTERACTION_TIMEOUT', '4031'],
    meaning: 'the server ended a connection that was idle for too long',
  },
]

/** SQLite in this process. */
export const SQLITE: readonly OutageSign[] = [
  {
    codes: ['SQLITE_BUSY', 'SQLITE_BUSY_RECOVERY', 'SQLITE_BUSY_TIMEOUT'],
    meaning: 'another process locked the database for longer than the `timeout` of the driver',
  },
]

/** libSQL over a server. */
export const LIBSQL: readonly OutageSign[] = [
  { codes: ['HRANA_WEBSOCKET_ERROR'], meaning: 'the WebSocket could not be opened, or was lost' },
  { statuses: [502, 503, 504], meaning: 'a gateway did not reach the server, or the server is overloaded' },
  {
    codes: ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
    meaning: "a timeout of Node's `fetch`",
  },
  { codes: ['UND_ERR_SOCKET'], meaning: "the connection of Node's `fetch` was lost" },
]
