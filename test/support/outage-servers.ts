import { type DatabaseServer, startMariadbServer, startPostgresServer, until } from '@larder/testing'
import mysql from 'mysql2/promise'
import pg from 'pg'

/** A server of one test file's own, with the table `app_setting` (id, value) of ten rows. */
export interface OutageServer extends DatabaseServer {
  /** One statement past every client. */
  run(sql: string): Promise<unknown>
  /** Makes reads of the table wait, until the returned function is called or the server has gone. */
  block(): Promise<() => Promise<void>>
  /** Resolves when a read waits for the table. */
  waiting(): Promise<void>
  /** Opens connections until the server refuses more. Returns the function that closes them. */
  fill(): Promise<() => Promise<void>>
  /** The URL for a user who may connect, and may not read the table. */
  readonly guestUrl: string
}

const ROWS = Array.from({ length: 10 }, (_, at) => `('${at}', 'value ${at}')`).join(', ')
const TABLE = [
  'CREATE TABLE app_setting (id varchar(40) PRIMARY KEY, value varchar(40) NOT NULL)',
  `INSERT INTO app_setting VALUES ${ROWS}`,
]

/** What a test does over connections of its own. Each may be lost with the server. */
interface Connection {
  query(sql: string): Promise<unknown>
  close(): Promise<void>
}

interface Dialect {
  connect(): Promise<Connection>
  readonly block: readonly string[]
  /** Has a row while a read waits. */
  readonly waiting: string
  rows(result: unknown): number
}

/** At most twelve connections at once. */
export async function startOutagePostgres(): Promise<OutageServer> {
  const server = await startPostgresServer(['max_connections=12', 'superuser_reserved_connections=0'])
  const dialect: Dialect = {
    async connect() {
      const client = new pg.Client({ connectionString: server.url, connectionTimeoutMillis: 5_000 })
      client.on('error', () => {})
      await client.connect()
      return { query: (sql) => client.query(sql), close: () => client.end() }
    },
    block: ['BEGIN', 'LOCK TABLE app_setting'],
    waiting: 'SELECT 1 FROM pg_locks WHERE NOT granted',
    rows: (result) => (result as pg.QueryResult).rows.length,
  }
  return prepared(server, dialect, ['CREATE ROLE guest LOGIN'])
}

/** At most twelve connections at once, and one of an administrator. */
export async function startOutageMariadb(): Promise<OutageServer> {
  const server = await startMariadbServer(['--max-connections=12'])
  const databaseUrl = new URL('/mysql', server.url).href
  const dialect: Dialect = {
    async connect() {
      const connection = await mysql.createConnection({ uri: databaseUrl, connectTimeout: 5_000 })
      connection.on('error', () => {})
      return { query: (sql) => connection.query(sql), close: () => connection.end() }
    },
    block: ['LOCK TABLES app_setting WRITE'],
    waiting: "SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for table%'",
    rows: (result) => (result as [unknown[]])[0].length,
  }
  const accounts = [
    "CREATE USER 'guest'@'127.0.0.1'",
    "GRANT SELECT ON mysql.help_topic TO 'guest'@'127.0.0.1'",
    // An administrator gets one connection more than the limit.
    "CREATE USER 'app'@'127.0.0.1'",
    "GRANT SELECT, INSERT, UPDATE ON mysql.* TO 'app'@'127.0.0.1'",
  ]
  return prepared({ ...server, url: withUser(databaseUrl, 'app') }, dialect, accounts)
}

function withUser(url: string, user: string): string {
  const changed = new URL(url)
  changed.username = user
  return changed.href
}

async function prepared(
  server: DatabaseServer,
  { connect, block, waiting, rows }: Dialect,
  accounts: readonly string[],
): Promise<OutageServer> {
  const run = async (sql: string): Promise<unknown> => {
    const connection = await connect()
    try {
      return await connection.query(sql)
    } finally {
      await connection.close()
    }
  }
  for (const sql of [...TABLE, ...accounts]) await run(sql)
  return {
    ...server,
    guestUrl: withUser(server.url, 'guest'),
    run,
    async block() {
      const connection = await connect()
      for (const sql of block) await connection.query(sql)
      return () => connection.close().catch(() => {})
    },
    waiting: () => until(async () => rows(await run(waiting)) > 0),
    async fill() {
      const open: Connection[] = []
      const refused = await (async () => {
        for (;;) open.push(await connect())
      })().catch((error: unknown) => error)
      if (open.length === 0) throw refused
      return async () => {
        await Promise.all(open.map((connection) => connection.close()))
      }
    },
  }
}
