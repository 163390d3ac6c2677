import { outageDriverRow, outagePageRows, outageSignRow } from '@larder/testing'
import { expect, it } from 'vitest'
import { MYSQL2, POSTGRES_JS, SIGNS_BY_SESSION } from '../../src/connection/unreachable.ts'
import { v0 } from '../../src/versions/v0/v0.ts'
import { v1 } from '../../src/versions/v1/v1.ts'

// docs/unreachable-database.md has the same tables as the code.

const TABLES = { 'postgres-js': POSTGRES_JS, mysql2: MYSQL2 }

const NAMES: Readonly<Record<string, string>> = {
  NodePgSession: 'node-postgres',
  NeonSession: 'neon-serverless',
  PostgresJsSession: 'postgres-js',
  MySql2Session: 'mysql2',
  LibSQLSession: 'libSQL',
  BetterSQLiteSession: 'better-sqlite3',
  PgliteSession: 'PGlite',
  SQLJsSession: 'node:sqlite',
  NodeSQLiteSession: 'node:sqlite',
}

it.each(Object.entries(TABLES))('the page contains the table of %s', (heading, signs) => {
  expect(outagePageRows(heading)).toEqual(signs.map(outageSignRow))
})

it('the page names the tables of each driver', () => {
  const rows = Object.entries(SIGNS_BY_SESSION).map(([session, signs]) =>
    outageDriverRow(`Drizzle: ${NAMES[session]}`, signs, TABLES),
  )
  expect(outagePageRows('The tables of each driver').filter((row) => row.includes('Drizzle'))).toEqual([
    ...new Set(rows),
  ])
})

it('every supported driver has rules for outages', () => {
  for (const { drivers } of [v0, v1])
    for (const driver of Object.keys(drivers)) expect(SIGNS_BY_SESSION).toHaveProperty(driver)
})
