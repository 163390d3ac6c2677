import { describe, expect, it } from 'vitest'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { type Extras, schemaOf } from '../../src/schema/schema.ts'
import { model, relation, sample, scalar } from './sample.ts'

const schema = schemaOf(datamodel)
const table = (name: string) => schema.tables.get(name)
const keys = (name: string, extras: Extras = {}) =>
  schemaOf(datamodel, extras)
    .tables.get(name)
    ?.keys.map((key) => `${key.kind} ${key.columns.join(',')}`)

describe('column types', () => {
  it.each([
    ['Int', null, 'postgresql', 'integer'],
    ['Int', 'SmallInt', 'postgresql', 'integer'],
    ['BigInt', null, 'postgresql', 'integer'],
    ['Boolean', null, 'postgresql', 'boolean'],
    ['String', null, 'postgresql', 'text'],
    ['String', 'VarChar', 'postgresql', 'text'],
    ['String', 'Char', 'postgresql', 'text'],
    ['String', 'Citext', 'postgresql', 'text'],
    ['String', 'Uuid', 'postgresql', 'uuid'],
    ['String', 'Inet', 'postgresql', 'other'],
    ['String', 'Xml', 'postgresql', 'other'],
    ['String', 'VarBit', 'postgresql', 'other'],
    ['String', null, 'sqlite', 'text'],
    ['String', 'String', 'cockroachdb', 'text'],
    ['String', null, 'mysql', 'opaque-text'],
    ['String', 'VarChar', 'mysql', 'opaque-text'],
    ['String', 'NVarChar', 'sqlserver', 'opaque-text'],
    ['String', 'UniqueIdentifier', 'sqlserver', 'uuid'],
    ['Float', null, 'postgresql', 'other'],
    ['Decimal', null, 'postgresql', 'other'],
    ['DateTime', null, 'postgresql', 'other'],
    ['Json', null, 'postgresql', 'other'],
    ['Bytes', null, 'postgresql', 'other'],
  ])('%s @db.%s on %s is %s', (type, native, provider, expected) => {
    const schema = sample({ M: model('m', { a: scalar(type, { native }) }) }, provider)
    expect(schemaOf(schema).tables.get('m')?.columns[0]?.type).toBe(expected)
  })

  it('an enum has type enum, and any list has type other', () => {
    const schema = sample({
      M: model('m', { one: scalar('E', { kind: 'enum' }), many: scalar('Int', { list: true }) }),
    })
    expect(
      schemaOf(schema)
        .tables.get('m')
        ?.columns.map((column) => column.type),
    ).toEqual(['enum', 'other'])
  })

  it('optional and list columns may be NULL, @updatedAt is a default, and dbgenerated over columns is generated', () => {
    const schema = sample({
      M: model('m', {
        optional: scalar('Int', { required: false }),
        list: scalar('Int', { list: true }),
        stamp: scalar('DateTime', { updatedAt: true }),
        sum: scalar('Int', { hasDefault: true, generated: true }),
      }),
    })
    expect(schemaOf(schema).tables.get('m')?.columns).toEqual([
      { name: 'optional', type: 'integer', nullable: true, hasDefault: false, generated: false },
      { name: 'list', type: 'other', nullable: true, hasDefault: false, generated: false },
      { name: 'stamp', type: 'other', nullable: false, hasDefault: true, generated: false },
      { name: 'sum', type: 'integer', nullable: false, hasDefault: true, generated: true },
    ])
  })
})

describe('tables and keys', () => {
  it('have bare lower-case table names, and column names unchanged', () => {
    expect(table('legacyitems')?.columns.map((column) => column.name)).toEqual([
      ...['ItemNo', 'GroupCode', 'Label Text', 'PartOfNo'],
    ])
    expect(schema.tables.has('LegacyItems')).toBe(false)
    expect([...schema.tables.values()].every(({ name }) => schema.tables.get(name)?.name === name)).toBe(true)
  })

  it.each([
    ['app_user', ['primary id', 'unique email']],
    ['app_membership', ['primary user_id,group_id', 'foreign user_id', 'foreign group_id']],
    ['app_profile', ['primary id', 'unique user_id', 'foreign user_id']],
    ['app_badge', ['primary id', 'foreign user_id,group_id']],
    ['seat', ['primary id', 'unique venue,row,number', 'unique venue,holder']],
    ['inventory_order_line', ['primary id', 'unique order_id,sku', 'foreign order_id', 'foreign sku']],
    ['legacyitems', ['primary ItemNo', 'unique Label Text', 'foreign PartOfNo']],
    ['ledger_entry', ['primary id', 'unique code']],
  ])('%s has the keys %j', (name, expected) => {
    expect(keys(name)).toEqual(expected)
  })

  it('are none for a view, even with @unique', () => {
    expect(keys('blog_author_stats')).toEqual([])
  })

  it('include a named lookup key by field names, unless it exists already', () => {
    const extras = { Post: { lookupKeys: [['published', 'categoryId'], ['authorId'], ['id']] } }
    expect(keys('blog_posts', extras)?.filter((key) => !keys('blog_posts')?.includes(key))).toEqual([
      'named published,category_id',
    ])
  })

  it.each([
    [
      'an unknown model',
      { Nope: {} },
      'LARDER_UNKNOWN_MODEL',
      "models.Nope: the datamodel has no model 'Nope'",
    ],
    ['an unknown field', { Post: { lookupKeys: [['titel']] } }, 'LARDER_CONFIG', "no field 'titel' in Post"],
    [
      'the name of an Object.prototype member',
      { Post: { lookupKeys: [['constructor']] } },
      'LARDER_CONFIG',
      "'constructor'",
    ],
    [
      'a relation',
      { Post: { lookupKeys: [['author']] } },
      'LARDER_CONFIG',
      'name its foreign key (authorId)',
    ],
    [
      'a relation whose foreign key is elsewhere',
      { Post: { lookupKeys: [['tags']] } },
      'LARDER_CONFIG',
      'name scalar fields',
    ],
    ['no field', { Post: { lookupKeys: [[]] } }, 'LARDER_CONFIG', 'Name at least one'],
    ['a field twice', { Post: { lookupKeys: [['id', 'id']] } }, 'LARDER_CONFIG', 'twice'],
    ['a view', { AuthorStat: { lookupKeys: [['posts']] } }, 'LARDER_CONFIG', 'cannot be pinned'],
    [
      'an unknown table',
      { Post: { touches: ['blog_post'] } },
      'LARDER_UNKNOWN_TABLE',
      "models.Post.touches: there is no table or model 'blog_post'",
    ],
  ])('refuse extras with %s', (_, extras, code, message) => {
    expect(() => schemaOf(datamodel, extras as Extras)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })
})

describe('foreign keys', () => {
  it.each([
    ['blog_posts', 'author_id', 'app_user', 'id', 'cascade', 'cascade'],
    ['blog_posts', 'editor_id', 'app_user', 'id', 'set-null', 'cascade'],
    ['app_membership', 'group_id', 'app_group', 'id', 'restrict', 'cascade'],
    ['app_badge', 'user_id,group_id', 'app_membership', 'user_id,group_id', 'set-null', 'cascade'],
    ['app_ticket', 'assignee_id', 'app_user', 'id', 'set-default', 'no-action'],
    ['inventory_order_line', 'sku', 'inventory_stock', 'sku', 'restrict', 'cascade'],
    ['legacyitems', 'PartOfNo', 'legacyitems', 'ItemNo', 'set-null', 'cascade'],
    ['_follow', 'A', 'app_user', 'id', 'cascade', 'cascade'],
    ['_follow', 'B', 'app_user', 'id', 'cascade', 'cascade'],
    ['_posttotag', 'A', 'blog_posts', 'id', 'cascade', 'cascade'],
    ['_posttotag', 'B', 'blog_tags', 'id', 'cascade', 'cascade'],
  ])('%s (%s) references %s (%s): %s, %s', (name, columns, target, references, onDelete, onUpdate) => {
    const foreignKeys = table(name)?.foreignKeys.filter((key) => key.columns.join() === columns)
    expect(foreignKeys).toEqual([
      { columns: columns.split(','), table: target, references: references.split(','), onDelete, onUpdate },
    ])
  })

  it('of an implicit join table are two columns with the types they reference, with a common key and one key each', () => {
    expect(keys('_posttotag')).toEqual(['primary A,B', 'foreign A', 'foreign B'])
    expect(table('_posttotag')?.columns.map(({ name, type, nullable }) => [name, type, nullable])).toEqual([
      ['A', 'integer', false],
      ['B', 'integer', false],
    ])
  })
})

describe('touches, reads and shared names', () => {
  it.each([
    ['a model', 'Comment', ['blog_comments']],
    ['a table', 'blog_comments', ['blog_comments']],
    ['a table in any case with a schema', 'public.LegacyItems', ['legacyitems']],
    ['a join table', '_PostToTag', ['_posttotag']],
  ])('touches accepts %s', (_, name, expected) => {
    const { tables } = schemaOf(datamodel, { Post: { touches: [name] } })
    expect(tables.get('blog_posts')?.touches).toEqual(expected)
  })

  it('reads of a view are the tables of the models it names', () => {
    const { tables } = schemaOf(datamodel, { AuthorStat: { reads: ['Post', 'User'] } })
    expect(tables.get('blog_author_stats')?.reads).toEqual(['blog_posts', 'app_user'])
  })

  it('a name that is a model and also the table of another model means both', () => {
    const schema = sample({ A: model('b', {}), B: model('c', {}), T: model('t', {}) })
    const { tables } = schemaOf(schema, { T: { touches: ['B'] } })
    expect(tables.get('t')?.touches).toEqual(['c', 'b'])
  })

  it('two tables with the same bare name are one table without keys, with the foreign keys of both', () => {
    const id = { primary: ['id'], uniques: [{ name: 'id', fields: ['id'] }] }
    const owner = relation('Owner', 'items', { fields: ['ownerId'], references: ['id'], onDelete: 'Cascade' })
    const schema = sample({
      Owner: model('owner', { id: scalar('Int'), items: relation('Two', 'owner') }, id),
      One: model('Item', { id: scalar('Int') }, { ...id, schema: 'one' }),
      Two: model('item', { id: scalar('String'), ownerId: scalar('Int'), owner }, { ...id, schema: 'two' }),
    })
    expect(schemaOf(schema).tables.get('item')).toMatchObject({
      keys: [],
      columns: [
        { name: 'id', type: 'other' },
        { name: 'ownerId', type: 'other' },
      ],
      foreignKeys: [{ columns: ['ownerId'], table: 'owner', onDelete: 'cascade', onUpdate: 'cascade' }],
    })
  })
})
