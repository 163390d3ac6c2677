import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDataFolder } from '@larder/testing'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import mysql from 'mysql2/promise'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { createDatabase, mariadbUrl, postgresUrl, startPglite } from '../../../testing/src/index.ts'

/** A database with the tables `app_setting` and `app_note`, reached by one of Prisma's adapters. */
export interface AdapterDatabase {
  readonly provider: 'postgresql' | 'mysql' | 'sqlite'
  /** Whether all statements share one connection. */
  readonly single: boolean
  adapter(): SqlDriverAdapterFactory
  stop(): Promise<void>
}

const TABLES = [
  'CREATE TABLE app_setting (id varchar(40) PRIMARY KEY, value varchar(40) NOT NULL)',
  'CREATE TABLE app_note (id varchar(40) PRIMARY KEY, text varchar(40) NOT NULL)',
]
const MODELS = `
model Setting {
  id    String @id @db.VarChar(40)
  value String @db.VarChar(40)
  @@map("app_setting")
}
model Note {
  id   String @id @db.VarChar(40)
  text String @db.VarChar(40)
  @@map("app_note")
}
`

/** The schema of those tables, for {@link ownClient}. */
export function schemaFor(provider: AdapterDatabase['provider']): string {
  const models = provider === 'sqlite' ? MODELS.replaceAll(' @db.VarChar(40)', '') : MODELS
  return `datasource db {\n  provider = "${provider}"\n}\n${models}`
}

async function postgres(max: number): Promise<AdapterDatabase> {
  const { url, drop } = await createDatabase(await postgresUrl())
  const adapter = () =>
    new PrismaPg({ connectionString: url, max }, { onPoolError: () => {}, onConnectionError: () => {} })
  const connection = await adapter().connect()
  for (const sql of TABLES) await connection.executeScript(sql)
  await connection.dispose()
  return { provider: 'postgresql', single: max === 1, adapter, stop: drop }
}

async function pglite(): Promise<AdapterDatabase> {
  const database = await startPglite()
  for (const sql of TABLES) await database.exec(sql)
  const adapter = () => new PrismaPGlite(database)
  return { provider: 'postgresql', single: true, adapter, stop: () => database.close() }
}

async function mariadb(): Promise<AdapterDatabase> {
  const url = new URL(await mariadbUrl())
  const name = `larder_test_${process.pid}_order`
  const connection = await mysql.createConnection(url.href)
  for (const sql of [`CREATE DATABASE ${name}`, `USE ${name}`, ...TABLES]) await connection.query(sql)
  const { hostname: host, port, username: user, password } = url
  const server = { host, port: Number(port), user, password, database: name }
  const stop = async () => {
    await connection.query(`DROP DATABASE ${name}`)
    await connection.end()
  }
  return {
    provider: 'mysql',
    single: false,
    adapter: () => new PrismaMariaDb({ ...server, connectionLimit: 3 }),
    stop,
  }
}

async function file(make: (url: string) => SqlDriverAdapterFactory): Promise<AdapterDatabase> {
  const folder = makeDataFolder('order')
  const adapter = () => make(`file:${join(folder, 'test.db')}`)
  const connection = await adapter().connect()
  for (const sql of TABLES) await connection.executeScript(sql)
  await connection.dispose()
  return { provider: 'sqlite', single: true, adapter, stop: () => rm(folder, { recursive: true }) }
}

/** Every adapter that is installed here, by name. */
export const ADAPTERS: Readonly<Record<string, () => Promise<AdapterDatabase>>> = {
  'a pool of PostgreSQL': () => postgres(3),
  'one connection to PostgreSQL': () => postgres(1),
  PGlite: pglite,
  MariaDB: mariadb,
  'better-sqlite3': () => file((url) => new PrismaBetterSqlite3({ url })),
  libSQL: () => file((url) => new PrismaLibSql({ url })),
}
