import { PrismaPg } from '@prisma/adapter-pg'
import { describe, expect, it } from 'vitest'
import { PrismaClient } from '../../../../prisma/generated/client/client.ts'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import type { Datamodel } from '../../src/schema/datamodel.ts'
import { checkDatamodel } from '../../src/schema/mismatch.ts'
import { modelMapOf } from '../../src/schema/model.ts'
import { runtimeDatamodel, runtimeSchema } from '../../src/schema/runtime-schema.ts'
import { schemaOf } from '../../src/schema/schema.ts'

// Never connects: only what the client knows of itself is read.
const client = new PrismaClient({
  adapter: new PrismaPg({ connectionString: 'postgresql://127.0.0.1:1/none' }),
})
const schema = runtimeSchema(client)

const reached = (from: string): Set<string> => {
  const reachedTables = new Set<string>()
  const next = [from]
  for (let name = next.pop(); name !== undefined; name = next.pop()) {
    if (reachedTables.has(name)) continue
    reachedTables.add(name)
    for (const table of schema.tables.values()) {
      if (table.foreignKeys.some((key) => key.table === name && key.onDelete === 'cascade'))
        next.push(table.name)
    }
  }
  return reachedTables
}

describe('runtimeSchema', () => {
  it('contains every table of the datamodel and no key', () => {
    expect([...schema.tables.keys()]).toEqual(expect.arrayContaining([...schemaOf(datamodel).tables.keys()]))
    expect([...schema.tables.values()].flatMap((table) => table.keys)).toEqual([])
  })

  it('connects a write to every table that relations reach, in both directions, and to no other', () => {
    for (const start of ['app_user', 'blog_tags', '_posttotag', '_follow', 'app_badge']) {
      expect([...reached(start)]).toEqual(
        expect.arrayContaining(['app_user', 'blog_posts', 'blog_tags', '_posttotag', '_follow', 'app_group']),
      )
    }
    expect([...reached('app_setting')]).toEqual(['app_setting'])
    expect(reached('app_user')).not.toContain('strike_report')
  })

  it('reaches at least the tables that foreign keys of the datamodel reach', () => {
    for (const table of schemaOf(datamodel).tables.values()) {
      for (const key of table.foreignKeys) expect(reached(key.table)).toContain(table.name)
    }
  })

  it('supports touches and reads, and refuses lookupKeys without a datamodel', () => {
    const { tables } = runtimeSchema(client, { AuthorStat: { reads: ['Post'] } })
    expect(tables.get('blog_author_stats')?.reads).toEqual(['blog_posts'])
    expect(() => runtimeSchema(client, { Post: { lookupKeys: [['title']] } })).toThrow(
      expect.objectContaining({
        code: 'LARDER_CONFIG',
        message: expect.stringContaining('models.Post.lookupKeys'),
      }),
    )
    expect(() => runtimeSchema(client, { Nope: {} })).toThrow(
      expect.objectContaining({ code: 'LARDER_UNKNOWN_MODEL' }),
    )
  })

  it('refuses a client that hides its models, and asks for a datamodel', () => {
    for (const hidden of [
      undefined,
      {},
      { _runtimeDataModel: {} },
      { _runtimeDataModel: { models: { A: {} } } },
    ]) {
      expect(() => runtimeSchema(hidden)).toThrow(
        expect.objectContaining({ code: 'LARDER_CONFIG', message: expect.stringContaining('larder-prisma') }),
      )
    }
  })
})

describe('runtimeDatamodel', () => {
  const models = modelMapOf(runtimeDatamodel(client), false)

  it('has physical names, and relations whose foreign key side is unknown', () => {
    expect(models.keyed).toBe(false)
    expect(models.column('LegacyItem', 'label')).toBe('Label Text')
    expect(models.relation('Post', 'author')).toEqual({
      ...{
        field: 'author',
        target: 'User',
        table: 'app_user',
        opposite: 'posts',
        list: false,
        required: false,
      },
      ...{ holder: 'unknown', pairs: [], tables: ['app_user', '_author'] },
    })
    expect(models.relation('User', 'followers')?.tables).toEqual(['app_user', '_follow'])
  })

  it('distinguishes a view from a table', () => {
    expect(models.model('AuthorStat').view).toBe(true)
    expect(models.names.filter((name) => models.model(name).view)).toEqual(['AuthorStat'])
  })
})

describe('checkDatamodel', () => {
  const changed = (change: (copy: { -readonly [K in keyof Datamodel]: Datamodel[K] }) => void): Datamodel => {
    const copy = structuredClone<Datamodel>(datamodel)
    change(copy)
    return copy
  }
  const { User, ...others } = datamodel.models
  const user = (change: object): Datamodel =>
    changed((copy) => {
      copy.models = { ...others, User: { ...User, ...change } }
    })

  it('accepts the datamodel generated with the client, extended or not', () => {
    expect(() => checkDatamodel(datamodel, client)).not.toThrow()
    expect(() => checkDatamodel(datamodel, client.$extends({}))).not.toThrow()
  })

  it.each([
    ['of another version', changed((copy) => Object.assign(copy, { version: 2 })), 'version 2'],
    ['without a model', changed((copy) => Object.assign(copy, { models: others })), "'User'"],
    [
      'with an additional model',
      changed((copy) => Object.assign(copy, { models: { ...copy.models, More: User } })),
      "'More'",
    ],
    ['with another table', user({ table: 'users' }), "'app_user' in the client and 'users'"],
    ['without a field', user({ fields: {} }), 'only in the client'],
    [
      'with another column',
      user({ fields: { ...User.fields, name: { ...User.fields.name, column: 'n' } } }),
      'User.name',
    ],
    [
      'with another type',
      user({ fields: { ...User.fields, id: { ...User.fields.id, type: 'BigInt' } } }),
      'User.id',
    ],
    [
      'generated from a schema whose keys or actions differ',
      changed((copy) => Object.assign(copy, { source: '0'.repeat(64) })),
      'another version of the schema',
    ],
    [
      'with another relation',
      user({ fields: { ...User.fields, posts: { ...User.fields.posts, model: 'Tag' } } }),
      'User.posts',
    ],
  ])('refuses a datamodel %s and describes the difference', (_, other, message) => {
    expect(() => checkDatamodel(other, client)).toThrow(
      expect.objectContaining({
        code: 'LARDER_DATAMODEL_MISMATCH',
        message: expect.stringContaining(message),
      }),
    )
  })
})
