import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'

/** How long connections may take to close before they are ended, in milliseconds. */
const GRACE = 500

/** A database of one's own on a server that others use too. */
export interface Database {
  readonly url: string
  /** Drops it, with whoever is still connected. */
  drop(): Promise<void>
}

/**
 * Makes a database on the server that `url` names; the user needs the right to create databases.
 * @param template the name of a database to copy, to which nobody is connected. Default: an empty one.
 */
export async function createDatabase(url: string, template?: string): Promise<Database> {
  const name = `larder_test_${process.pid}_${randomBytes(4).toString('hex')}`
  const copied = template === undefined ? '' : ` TEMPLATE ${template}`
  await connected(url, (client) => client.query(`CREATE DATABASE ${name}${copied}`))
  const own = new URL(url)
  own.pathname = name
  return { url: own.href, drop: () => dropDatabase(url, name) }
}

/**
 * `pool.end()` resolves before the server has closed the pool's connections. The server would send them an error for
 * which the pool has no listener any more: it is given some time first.
 */
function dropDatabase(url: string, name: string): Promise<void> {
  return connected(url, async (client) => {
    const deadline = performance.now() + GRACE
    while (performance.now() < deadline && (await isInUse(client, name))) await wait(10)
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  })
}

async function isInUse(client: Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_stat_activity WHERE datname = $1', [name])
  return rowCount !== 0
}

async function connected(url: string, use: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}
