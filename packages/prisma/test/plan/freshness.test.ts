import { isDeepStrictEqual } from 'node:util'
import { sized } from '@larder/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { withActions } from '../../../core/src/tags/actions.ts'
import { type ReadTag, tagsOfRead } from '../../../core/src/tags/read-tags.ts'
import { tagsOfReturned, type WriteTag } from '../../../core/src/tags/write-tags.ts'
import { planRead } from '../../src/plan/read.ts'
import { planWrite } from '../../src/plan/write.ts'
import { schemaOf } from '../../src/schema/schema.ts'
import { callOn, startDatabase, type TestDatabase } from './database.ts'
import { models } from './models.ts'
import { reads } from './reads.ts'
import { writes } from './writes.ts'

// Every write against every read, on a real database: a result that a write changed must depend on a tag that the
// write bumps, at the precision of rows. The database decides. The plans get only arguments and results.

const space = { namespace: 'test', database: 'test' }
const schema = schemaOf(datamodel, { AuthorStat: { reads: ['Post'] } })

const name = ([model, operation, args]: readonly [string, string, unknown]): string =>
  `${model}.${operation} ${JSON.stringify(args) ?? ''}`

interface Cached {
  readonly name: string
  readonly args: (typeof reads)[number]
  readonly result: unknown
  readonly tags: readonly ReadTag[]
}

let database: TestDatabase
let cached: readonly Cached[]

beforeAll(async () => {
  database = await startDatabase()
  const all: Cached[] = []
  for (const args of reads) {
    const [model, operation, readArgs] = args
    const result = await database.call(model, operation, readArgs)
    const { occurrences } = planRead(operation, model, readArgs, models)
    all.push({ name: name(args), args, result, tags: tagsOfRead(space, schema, occurrences, []) })
  }
  cached = all
})
afterAll(() => database.stop())

/** Whether a write with these tags makes the entry stale. */
function bumped({ tags, result }: Cached, written: readonly WriteTag[]): boolean {
  return tags.some((tag) => {
    const write = written.find(({ record }) => record === tag.record)
    if (!write) return false
    const resultTags = tag.list === 'no' ? [] : tag.insteadOfList(result)
    return (
      resultTags === undefined ||
      resultTags.some((cell) => write.cells.has(cell)) ||
      tag.fields.some((field) => write.unknown.has(field)) ||
      tag.cells.some((cell) => write.cells.has(cell))
    )
  })
}

/** Thrown to roll back. */
const undo = new Error('undo')

interface Comparison {
  readonly stale: readonly string[]
  readonly changed: number
  readonly freshCount: number
}

async function compare([model, operation, args]: (typeof writes)[number]): Promise<Comparison> {
  const plan = planWrite(operation, model, args, models, { provider: 'postgresql' })
  const changes = withActions(schema, plan.changes)
  const stale: string[] = []
  let changed = 0
  let freshReads = 0
  const run = database.client.$transaction(async (tx) => {
    const call = callOn(tx)
    const result = await call(model, operation, args)
    const written = tagsOfReturned(space, schema, changes, (index) =>
      index < plan.changes.length ? plan.returned?.(result, index) : undefined,
    )
    for (const read of cached) {
      const same = isDeepStrictEqual(await call(...read.args), read.result)
      const miss = bumped(read, written)
      if (!same) changed++
      if (!miss) freshReads++
      if (!same && !miss) stale.push(read.name)
    }
    throw undo
  })
  await expect(run).rejects.toBe(undo)
  return { stale, changed, freshCount: freshReads }
}

/** A short run takes the first write of each operation, and every seventh of all. */
const isTaken = (at: number): boolean =>
  at % 7 === 0 || writes.findIndex(([, operation]) => operation === writes[at]?.[1]) === at

describe('every read whose result a write changed is invalidated by it', () => {
  test.each(writes.filter((_, at) => sized(isTaken(at), true)).map((write) => [name(write), write] as const))(
    '%s',
    async (_name, write) => {
      const { stale } = await compare(write)
      expect(stale).toEqual([])
    },
  )
})

// Without these the test above would pass for plans that invalidate everything.
describe('reads of other rows stay fresh after a write', () => {
  test.each([
    [
      'to a row of a table that no other read depends on',
      ['Seat', 'update', { where: { id: 1 }, data: { holder: 'x' } }],
      80,
    ],
    [
      'to a post, for posts of another author',
      ['Post', 'update', { where: { id: 2 }, data: { title: 'x' } }],
      40,
    ],
    ['to a user, for other users', ['User', 'update', { where: { id: 3 }, data: { name: 'x' } }], 45],
    [
      'that inserts, for unique lookups that found their row',
      ['Post', 'create', { data: { title: 'n', author: { connect: { id: 3 } } } }],
      45,
    ],
    [
      'that upserts a post, for posts of other authors',
      ['Post', 'upsert', { where: { id: 2 }, create: { title: 'n', authorId: 1 }, update: { title: 'x' } }],
      40,
    ],
  ] as const)('%s', async (_fact, write, least) => {
    const { freshCount, stale } = await compare(write)
    expect(stale).toEqual([])
    expect(freshCount).toBeGreaterThanOrEqual(least)
  })
})
