import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { planRead } from '../../src/plan/read.ts'
import { planWrite } from '../../src/plan/write.ts'
import { schemaOf } from '../../src/schema.ts'
import { callOn, startDatabase, type TestDatabase } from './database.ts'
import { models } from './models.ts'
import { reads } from './reads.ts'
import { writes } from './writes.ts'

const schema = schemaOf(datamodel)

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())

const name = ([model, operation, args]: readonly [string, string, unknown]): string =>
  `${model}.${operation} ${JSON.stringify(args) ?? ''}`

/** Tables (and not types, which are cast to by schema as well) that a statement names. */
function tablesIn(sql: string): readonly string[] {
  const names = [...sql.matchAll(/"public"\."([^"]+)"/g)].map(([, found]) => (found ?? '').toLowerCase())
  return names.filter((found) => schema.tables.has(found))
}

const written = /(?:INSERT INTO|UPDATE|DELETE FROM) "public"\."([^"]+)"/g

const sorted = (names: Iterable<string>): readonly string[] => [...new Set(names)].sort()

describe('the SQL of a read names exactly the tables of its plan', () => {
  test.each(reads.map((read) => [name(read), read] as const))(
    '%s',
    async (_name, [model, operation, args]) => {
      database.clear()
      await database.call(model, operation, args)
      const seen = database.statements.flatMap(({ sql }) => tablesIn(sql))
      const planned = planRead(operation, model, args, models)
      expect(planned.opaque).toBeUndefined()
      expect(sorted(planned.occurrences.map(({ table }) => table))).toEqual(sorted(seen))
      if (!planned.severalStatements) expect(database.statements.length).toBe(1)
    },
  )
})

/** Thrown to roll back. */
const undo = new Error('undo')

describe('a write changes no table that its plan does not name', () => {
  test.each(writes.map((write) => [name(write), write] as const))(
    '%s',
    async (_name, [model, operation, args]) => {
      const planned = planWrite(operation, model, args, models)
      const changed = new Set(planned.changes.map(({ table }) => table))
      expect(changed.size).toBeLessThan(8)
      database.clear()
      await expect(
        database.client.$transaction(async (tx) => {
          await callOn(tx)(model, operation, args)
          throw undo
        }),
      ).rejects.toBe(undo)
      const seen = database.statements.flatMap(({ sql }) =>
        [...sql.matchAll(written)].map(([, table]) => table ?? ''),
      )
      expect(seen.map((table) => table.toLowerCase()).filter((table) => !changed.has(table))).toEqual([])
    },
  )
})
