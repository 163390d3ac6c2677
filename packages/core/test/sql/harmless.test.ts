import type { PGlite } from '@electric-sql/pglite'
import { startPglite } from '@larder/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { harmless, isHarmless } from '../../src/sql/harmless.ts'

let database: PGlite
beforeAll(async () => {
  database = await startPglite()
})
afterAll(() => database.close())

/** Words of the grammar that look like functions, and functions younger than the server at hand. */
const NO_FUNCTIONS = new Set(['coalesce', 'nullif', 'greatest', 'least', 'row', 'merge_action'])
const YOUNG = new Set(['uuidv4', 'uuidv7', 'crc32'])

test('every function on the list is built into PostgreSQL', async () => {
  const { rows } = await database.query<{ name: string }>(
    `SELECT DISTINCT proname AS name FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace`,
  )
  const builtIn = new Set(rows.map(({ name }) => name))
  expect(
    harmless.filter((name) => !builtIn.has(name) && !NO_FUNCTIONS.has(name) && !YOUNG.has(name)),
  ).toEqual([])
})

test('functions that run SQL from an argument and large-object functions are not on the list', async () => {
  const { rows } = await database.query<{ name: string }>(
    `SELECT DISTINCT proname AS name FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
       AND proname ~ '(query|cursor|schema|database)_to_xml|^ts_(stat|rewrite)$|^lo|^pg_(import|restore|set|clear|create|drop|replication|logical|reload|switch|promote)'`,
  )
  expect(rows.length).toBeGreaterThan(30)
  expect(
    rows
      .map(({ name }) => name)
      .filter(isHarmless)
      .sort(),
  ).toEqual(['log', 'log10', 'lower', 'lower_inc', 'lower_inf'])
})
