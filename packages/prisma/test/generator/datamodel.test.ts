import type { DMMF } from '@prisma/generator-helper'
import { describe, expect, it } from 'vitest'
import { toDatamodel } from '../../bin/generator/datamodel.js'
import { outputFile } from '../../bin/generator/print.js'

type Dmmf = DMMF.Document['datamodel']

const scalar = (name: string, rest: Partial<DMMF.Field> = {}): DMMF.Field => ({
  ...{ name, kind: 'scalar', type: 'Int', isList: false, isRequired: true, isUnique: false, isId: false },
  ...{ isReadOnly: false, hasDefaultValue: false, isGenerated: false, isUpdatedAt: false },
  ...rest,
})

const model = (name: string, ...fields: DMMF.Field[]): DMMF.Model => ({
  ...{ name, dbName: null, schema: null, fields, primaryKey: null, uniqueFields: [], uniqueIndexes: [] },
  isGenerated: false,
})

const dmmf = (...models: DMMF.Model[]): Dmmf => ({ models, enums: [], types: [], indexes: [] })

const postgres = { provider: 'postgresql', activeProvider: 'postgresql' }
const user = model('User', scalar('id', { isId: true }), scalar('age'))
const post = model('Post', scalar('id', { isId: true }))

describe('toDatamodel', () => {
  it.each(['mongodb', 'oracle'])('refuses %s and names what it needs', (provider) => {
    expect(() => toDatamodel(dmmf(user), { provider }, '')).toThrow(
      new RegExp(`larder-prisma: the provider '${provider}' is not supported.*postgresql, .*sqlserver`),
    )
  })

  it('refuses a schema without a datasource', () => {
    expect(() => toDatamodel(dmmf(user), undefined, '')).toThrow("the provider 'none' is not supported")
  })

  it('refuses a relation without its opposite side', () => {
    const lonely = model('Lonely', scalar('user', { kind: 'object', type: 'User', relationName: 'R' }))
    expect(() => toDatamodel(dmmf(user, lonely), postgres, '')).toThrow("relation 'R' of Lonely.user")
  })

  it('has the same digest if models, fields or comments of the schema move', () => {
    const moved = model('User', scalar('age'), scalar('id', { isId: true }))
    const first = toDatamodel(dmmf(user, post), postgres, 'model User {}')
    const second = toDatamodel(dmmf(post, moved), postgres, '// moved\nmodel User {}')
    expect(first.digest).toMatch(/^[0-9a-f]{64}$/)
    expect(second.digest).toBe(first.digest)
  })

  it('digests the schema text like prismaCache, which ignores text outside of models', () => {
    const source = (text: string) => toDatamodel(dmmf(user), postgres, text).source
    const text = 'model User {\n  id Int @id\n}\nmodel Post {\n  id Int @id\n}\n'
    const moved = `generator x {\n  output = "y"\n}\nmodel Post {\n  id   Int @id\n}\n// a comment\nmodel User {\nid Int @id\n}`
    expect(source(text)).toMatch(/^[0-9a-f]{64}$/)
    expect(source(moved)).toBe(source(text))
    expect(source(text.replace('@id', '@id @unique'))).not.toBe(source(text))
  })

  it.each(['./larder.js', './larder.mjs', './larder.jsx'])('refuses to write TypeScript to %s', (output) => {
    expect(() => outputFile(output)).toThrow(`output = "${output}" is JavaScript: name a .ts file`)
  })

  it.each([
    ['a table is renamed', dmmf({ ...user, dbName: 'people' }), ''],
    [
      'a column is renamed',
      dmmf(model('User', scalar('id', { isId: true }), scalar('age', { dbName: 'years' }))),
      '',
    ],
    [
      'a column becomes optional',
      dmmf(model('User', scalar('id', { isId: true }), scalar('age', { isRequired: false }))),
      '',
    ],
    [
      'a key is added',
      dmmf(model('User', scalar('id', { isId: true }), scalar('age', { isUnique: true }))),
      '',
    ],
    ['a model becomes a view', dmmf(user), 'view User {'],
    ['the relation mode changes', dmmf(user), 'datasource db {\n  relationMode = "prisma"\n}'],
  ])('changes its digest when %s', (_, changed, source) => {
    expect(toDatamodel(changed, postgres, source).digest).not.toBe(
      toDatamodel(dmmf(user), postgres, '').digest,
    )
  })

  it.each([
    ['datasource db {\n  relationMode = "prisma"\n}', 'prisma'],
    ['datasource db {\n  relationMode="foreignKeys"\n}', 'foreignKeys'],
    [
      'datasource db {\n  url = "a//b" // relationMode = "foreignKeys"\n  relationMode = "prisma" // really\n}',
      'prisma',
    ],
    ['datasource db {\n  // relationMode = "prisma"\n}', 'foreignKeys'],
    ['/*\nrelationMode = "prisma"\n*/', 'foreignKeys'],
    ['model User {\n  relationMode String @default("prisma")\n}', 'foreignKeys'],
  ])('reads the relation mode of %j as %s', (source, mode) => {
    expect(toDatamodel(dmmf(user), postgres, source).relationMode).toBe(mode)
  })

  it.each([
    ['upper("name")', true],
    ['(AGE + 1)', true],
    ["'age'::text", undefined],
    ['gen_random_uuid()', undefined],
    ['CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)', true],
    ["nextval('ages'::regclass)", undefined],
  ])('a column with dbgenerated(%j) is generated: %s', (expression, generated) => {
    const computed = scalar('x', {
      hasDefaultValue: true,
      default: { name: 'dbgenerated', args: [expression] },
    })
    const datamodel = toDatamodel(
      dmmf(model('User', computed, scalar('age'), scalar('n', { dbName: 'name' }))),
      postgres,
      '',
    )
    const field = datamodel.models.User?.fields.x
    expect(field?.kind === 'scalar' && field.generated).toBe(generated)
  })
})
