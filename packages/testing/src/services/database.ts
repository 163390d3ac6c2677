import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

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
  await run(url, `CREATE DATABASE ${name}${template === undefined ? '' : ` TEMPLATE ${template}`}`)
  const own = new URL(url)
  own.pathname = name
  return { url: own.href, drop: () => run(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

async function run(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
