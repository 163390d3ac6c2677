import { expect, it } from 'vitest'
import { outageDriverRow, outagePageRows, outageSignRow } from '../../../testing/src/index.ts'
import {
  LIBSQL_ADAPTER,
  MARIADB,
  PRISMA,
  SIGNS_BY_ADAPTER,
  unreachableOf,
} from '../../src/connection/unreachable.ts'

// docs/unreachable-database.md has the same tables as the code.

const TABLES = { mariadb: MARIADB, "Prisma's adapter of libSQL": LIBSQL_ADAPTER, Prisma: PRISMA }

it.each(Object.entries(TABLES))('the page contains the table of %s', (heading, signs) => {
  expect(outagePageRows(heading)).toEqual(signs.map(outageSignRow))
})

it('the page names the tables of each adapter', () => {
  const rows = Object.entries(SIGNS_BY_ADAPTER).map(([adapter, signs]) =>
    outageDriverRow(`Prisma: \`${adapter}\``, signs, TABLES),
  )
  expect(outagePageRows('The tables of each driver').filter((row) => row.includes('| Prisma:'))).toEqual(rows)
})

it('an adapter without a table of its own is classified by its provider', () => {
  const clientOver = (provider: string): object => ({
    _activeProvider: provider,
    _engineConfig: { adapter: { adapterName: '@prisma/adapter-neon' } },
  })
  const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  const shutDown = Object.assign(new Error('shut down'), { code: '57P01', severity: 'FATAL' })
  for (const provider of ['postgresql', 'cockroachdb'])
    expect([refused, shutDown].map(unreachableOf(clientOver(provider))), provider).toEqual([true, true])
  expect([refused, shutDown].map(unreachableOf(clientOver('sqlserver')))).toEqual([true, false])
  // A client that shows nothing of itself.
  expect([refused, shutDown].map(unreachableOf({}))).toEqual([true, false])
})
