import { describe, expect, it } from 'vitest'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { modelMapOf } from '../../src/schema/model.ts'

const models = modelMapOf(datamodel)

describe('modelMapOf', () => {
  it.each([
    ['User', 'createdAt', 'app_user', 'created_at'],
    ['LegacyItem', 'label', 'legacyitems', 'Label Text'],
    ['Seat', 'row', 'seat', 'row'],
  ])('maps %s.%s to %s."%s" and back', (model, field, table, column) => {
    expect(models.table(model)).toBe(table)
    expect(models.modelOf(table)).toBe(model)
    expect(models.column(model, field)).toBe(column)
    expect(models.field(model, column)).toBe(field)
  })

  it('maps no column to relations and unknown names', () => {
    expect(models.column('User', 'posts')).toBeUndefined()
    expect(models.column('User', 'nope')).toBeUndefined()
    expect(models.column('User', 'constructor')).toBeUndefined()
    expect(models.relation('User', 'email')).toBeUndefined()
    expect(models.modelOf('_posttotag')).toBeUndefined()
  })

  it('refuses an unknown model by name and lists the existing names', () => {
    expect(models.has('Usr')).toBe(false)
    expect(() => models.table('Usr')).toThrow(
      expect.objectContaining({
        code: 'LARDER_UNKNOWN_MODEL',
        message: expect.stringMatching(/'Usr'.*User/),
      }),
    )
  })

  it.each([
    ['User', 'email', ['email']],
    ['Membership', 'userId_groupId', ['userId', 'groupId']],
    ['Seat', 'place', ['venue', 'row', 'number']],
    ['Seat', 'venue_holder', ['venue', 'holder']],
    ['Seat', 'venue_row_number', undefined],
    ['User', 'name', undefined],
  ])('maps unique key %s.%s to %j', (model, name, fields) => {
    expect(models.unique(model, name)).toEqual(fields)
  })

  it('describes a relation equally from both sides', () => {
    expect(models.relation('Post', 'author')).toMatchObject({
      ...{ target: 'User', table: 'app_user', opposite: 'posts', holder: 'own', tables: ['app_user'] },
      ...{
        pairs: [{ source: 'author_id', target: 'id' }],
        onDelete: 'Cascade',
        onUpdate: 'Cascade',
        list: false,
      },
    })
    expect(models.relation('User', 'posts')).toMatchObject({
      ...{
        target: 'Post',
        table: 'blog_posts',
        opposite: 'author',
        holder: 'target',
        tables: ['blog_posts'],
      },
      ...{
        pairs: [{ source: 'id', target: 'author_id' }],
        onDelete: 'Cascade',
        onUpdate: 'Cascade',
        list: true,
      },
    })
  })

  it('distinguishes the sides of a self relation', () => {
    expect(models.relation('Category', 'parent')).toMatchObject({
      ...{ holder: 'own', pairs: [{ source: 'parent_id', target: 'id' }], onDelete: 'SetNull' },
    })
    expect(models.relation('Category', 'children')).toMatchObject({
      ...{ holder: 'target', pairs: [{ source: 'id', target: 'parent_id' }] },
    })
  })

  it.each([
    ['Post', 'tags', '_posttotag', 'A', 'B'],
    ['Tag', 'posts', '_posttotag', 'B', 'A'],
    ['User', 'followers', '_follow', 'A', 'B'],
    ['User', 'following', '_follow', 'B', 'A'],
  ])('maps %s.%s through %s from %s to %s', (model, field, table, sourceColumn, target) => {
    expect(models.relation(model, field)).toMatchObject({
      holder: 'join',
      pairs: [],
      join: {
        table,
        source: { column: sourceColumn, references: 'id' },
        target: { column: target, references: 'id' },
      },
    })
    expect(models.relation(model, field)?.tables).toContain(table)
  })

  it('converts enum values to the database and back', () => {
    expect(models.enumValue('Role', 'ADMIN')).toBe('administrator')
    expect(models.enumValue('Role', 'GUEST')).toBe('GUEST')
    expect(models.enumName('Role', 'administrator')).toBe('ADMIN')
    expect(models.enumName('Role', 'ADMIN')).toBeUndefined()
  })
})
