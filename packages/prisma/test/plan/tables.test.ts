import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { planRead } from '../../src/plan/read.ts'
import { planWrite } from '../../src/plan/write.ts'
import { type ModelMap, modelMapOf } from '../../src/schema/model.ts'
import { runtimeDatamodel } from '../../src/schema/runtime-schema.ts'
import { schemaOf } from '../../src/schema/schema.ts'
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

const unkeyed = (): ModelMap => modelMapOf(runtimeDatamodel(database.client), false)

const name = ([model, operation, args]: readonly [string, string, unknown]): string =>
  `${model}.${operation} ${JSON.stringify(args) ?? ''}`

/** Tables (and not types, which are cast to by schema as well) that a statement names. */
function tablesIn(sql: string): readonly string[] {
  const names = [...sql.matchAll(/"public"\."([^"]+)"/g)].map(([, name]) => (name ?? '').toLowerCase())
  return names.filter((name) => schema.tables.has(name))
}

const written = /(?:INSERT INTO|UPDATE|DELETE FROM) "public"\."([^"]+)"/g

const sorted = (names: Iterable<string>): readonly string[] => [...new Set(names)].sort()

describe('the plan of a read contains exactly the tables of its SQL', () => {
  test.each(reads.map((read) => [name(read), read] as const))(
    '%s',
    async (_name, [model, operation, args]) => {
      database.clear()
      await database.call(model, operation, args)
      const tablesInSql = sorted(database.statements.flatMap(({ sql }) => tablesIn(sql)))
      const planned = planRead(operation, model, args, models)
      expect(planned.opaque).toBeUndefined()
      expect(sorted(planned.occurrences.map(({ table }) => table))).toEqual(tablesInSql)
      if (!planned.severalStatements) expect(database.statements.length).toBe(1)
      // Without a datamodel it may name join tables that are not there, and nothing less.
      const guessed = planRead(operation, model, args, unkeyed())
      expect(guessed.opaque).toBeUndefined()
      expect(guessed.occurrences.map(({ table }) => table)).toEqual(expect.arrayContaining([...tablesInSql]))
    },
  )
})

test('a field reference made by the client is supported and pins nothing', async () => {
  const { authorId } = database.client.post.fields
  const args = { where: { id: { equals: authorId } } }
  await database.call('Post', 'findMany', args)
  const { occurrences, opaque } = planRead('findMany', 'Post', args, models)
  expect([occurrences[0]?.pins, opaque]).toEqual([undefined, undefined])
})

/** Thrown to roll back. */
const undo = new Error('undo')

describe('the plan of a write contains every table that it changes', () => {
  test.each(writes.map((write) => [name(write), write] as const))(
    '%s',
    async (_name, [model, operation, args]) => {
      const planned = planWrite(operation, model, args, models)
      const changed = sorted(planned.changes.map(({ table }) => table))
      expect(changed.length).toBeLessThan(8)
      database.clear()
      await expect(
        database.client.$transaction(async (tx) => {
          await callOn(tx)(model, operation, args)
          throw undo
        }),
      ).rejects.toBe(undo)
      const tablesInSql = database.statements.flatMap(({ sql }) =>
        [...sql.matchAll(written)].map(([, table]) => table ?? ''),
      )
      const tables = sorted(tablesInSql.map((table) => table.toLowerCase()))
      expect(changed).toEqual(expect.arrayContaining([...tables]))
      const guessed = planWrite(operation, model, args, unkeyed()).changes.map(({ table }) => table)
      expect(guessed).toEqual(expect.arrayContaining([...tables]))
      expect(guessed.length).toBeLessThan(30)
    },
  )
})
