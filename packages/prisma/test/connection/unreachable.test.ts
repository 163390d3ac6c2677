import { expect, it } from 'vitest'
import { outageDriverRow, outagePageRows, outageSignRow } from '../../../testing/src/index.ts'
import { LIBSQL_ADAPTER, MARIADB, PRISMA, SIGNS_BY_ADAPTER } from '../../src/connection/unreachable.ts'

// docs/unreachable-database.md has the same tables as the code.

const TABLES = { mariadb: MARIADB, "Prisma's adapter of libSQL": LIBSQL_ADAPTER, Prisma: PRISMA }

it.each(Object.entries(TABLES))('the page has the table of %s', (heading, signs) => {
  expect(outagePageRows(heading)).toEqual(signs.map(outageSignRow))
})

it('the page names the tables of each adapter', () => {
  const rows = Object.entries(SIGNS_BY_ADAPTER).map(([adapter, signs]) =>
    outageDriverRow(`Prisma: \`${adapter}\``, signs, TABLES),
  )
  expect(outagePageRows('The tables of each driver').filter((row) => row.includes('| Prisma:'))).toEqual(rows)
})
