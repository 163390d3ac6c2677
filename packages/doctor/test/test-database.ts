import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Schema } from '@larder/core/host'
import { connectDatabase, type Examined, examine, type Finding } from '@larder/doctor'
import {
  createDatabase,
  createMigratedDatabase,
  type Database,
  makeDataFolder,
  mariadbUrl,
  postgresUrl,
} from '@larder/testing'
import SqliteDatabase from 'better-sqlite3'
import mysql from 'mysql2/promise'
import { Client } from 'pg'
import { ddlOf } from '../../../test/workload/drizzle/tables.ts'

/** A database of one test. */
export interface TestDatabase {
  readonly url: string
  /** Runs statements, `;` between them. */
  run(sql: string): Promise<void>
  drop(): Promise<void>
}

export const createPostgres = async (): Promise<TestDatabase> =>
  postgresOf(await createDatabase(await postgresUrl()))

/** A PostgreSQL database with the tables of the repository's schema. */
export const createMigratedPostgres = async (): Promise<TestDatabase> =>
  postgresOf(await createMigratedDatabase())

function postgresOf({ url, drop }: Database): TestDatabase {
  return {
    url,
    drop,
    async run(sql) {
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query(sql).finally(() => client.end())
    },
  }
}

/** @param server the URL of a separate server. Default: the server that all tests share. */
export async function createMariadb(server?: string): Promise<TestDatabase> {
  const url = new URL(server ?? (await mariadbUrl()))
  const name = `larder_test_${process.pid}_${randomBytes(4).toString('hex')}`
  const run = async (database: string, sql: string): Promise<void> => {
    const at = new URL(database, url)
    const connection = await mysql.createConnection({ uri: at.href, multipleStatements: true })
    await connection.query(sql).finally(() => connection.end())
  }
  await run('/', `CREATE DATABASE ${name}`)
  return {
    url: new URL(name, url).href,
    run: (sql) => run(name, sql),
    drop: () => run('/', `DROP DATABASE ${name}`),
  }
}

export async function createSqlite(): Promise<TestDatabase> {
  const folder = makeDataFolder('doctor')
  const file = join(folder, 'test.db')
  return {
    url: `file:${file}`,
    async run(sql) {
      // Allows a test to write what only another program could.
      const db = new SqliteDatabase(file).unsafeMode()
      db.exec(sql)
      db.close()
    },
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Creates the tables of `test/workload/drizzle`. */
export const createTables = (
  database: TestDatabase,
  dialect: 'postgres' | 'mysql' | 'sqlite',
): Promise<void> => database.run(ddlOf(dialect).join(';'))

/** The findings about a database as it is now. */
export async function findingsOf(
  url: string,
  schema: Schema,
  more: Examined = {},
): Promise<readonly Finding[]> {
  const connection = await connectDatabase(url)
  try {
    return examine({ schema, catalogue: await connection.readCatalogue(), ...more })
  } finally {
    await connection.close()
  }
}

/** `level code subject`. */
export const summaries = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ level, code, subject }) => `${level} ${code} ${subject}`)

export const dangers = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ level }) => level === 'danger')

/** Runs statements. @returns the findings that were not there before. */
export async function newFindings(
  database: TestDatabase,
  sql: string,
  schema: Schema,
): Promise<readonly string[]> {
  const before = summaries(await findingsOf(database.url, schema))
  await database.run(sql)
  return summaries(await findingsOf(database.url, schema)).filter((line) => !before.includes(line))
}
