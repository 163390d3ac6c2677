import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Schema } from '@larder/core/host'
import { connectDatabase, type Examined, examine, type Finding } from '@larder/doctor'
import { createDatabase, mariadbUrl, postgresUrl } from '@larder/testing'
import SqliteDatabase from 'better-sqlite3'
import mysql from 'mysql2/promise'
import { Client } from 'pg'
import { ddlOf } from '../../../test/workload/drizzle/tables.ts'

/** A database of one's own. */
export interface Own {
  readonly url: string
  /** Runs statements, `;` between them. */
  run(sql: string): Promise<void>
  drop(): Promise<void>
}

export async function ownPostgres(): Promise<Own> {
  const { url, drop } = await createDatabase(await postgresUrl())
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

/** @param server of a server of one's own; else the one that all tests share. */
export async function ownMariadb(server?: string): Promise<Own> {
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

export async function ownSqlite(): Promise<Own> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-doctor-'))
  const file = join(folder, 'test.db')
  return {
    url: `file:${file}`,
    async run(sql) {
      // A test may write what only another program could.
      const db = new SqliteDatabase(file).unsafeMode()
      db.exec(sql)
      db.close()
    },
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The tables of `test/drizzle`. */
export const worldIn = (own: Own, dialect: 'postgres' | 'mysql' | 'sqlite'): Promise<void> =>
  own.run(ddlOf(dialect).join(';'))

/** Findings of a database as it is now. */
export async function look(url: string, schema: Schema, more: Examined = {}): Promise<readonly Finding[]> {
  const connection = await connectDatabase(url)
  try {
    return examine({ schema, catalogue: await connection.readCatalogue(), ...more })
  } finally {
    await connection.close()
  }
}

/** `level code subject`. */
export const spelled = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ level, code, subject }) => `${level} ${code} ${subject}`)

export const dangers = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ level }) => level === 'danger')

/** What is found beyond what was before. */
export async function found(own: Own, sql: string, schema: Schema): Promise<readonly string[]> {
  const before = spelled(await look(own.url, schema))
  await own.run(sql)
  return spelled(await look(own.url, schema)).filter((line) => !before.includes(line))
}
