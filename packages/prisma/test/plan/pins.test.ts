import type { Pins } from '@larder/core/host'
import { describe, expect, test } from 'vitest'
import { MOST_PINNED, pinsOf } from '../../src/plan/pins.ts'
import { FieldRef, models, skip } from './models.ts'

type Row = readonly [fact: string, model: string, where: unknown, pins: Pins | undefined]

const numbers = (many: number): number[] => Array.from({ length: many }, (_, index) => index)

const binding: readonly Row[] = [
  ['a literal', 'User', { id: 1 }, { id: [1] }],
  ['equals', 'User', { id: { equals: 1 } }, { id: [1] }],
  ['equals combined with other operators', 'User', { id: { equals: 1, not: 2, lt: 9 } }, { id: [1] }],
  ['equals in the default mode', 'User', { email: { equals: 'a', mode: 'default' } }, { email: ['a'] }],
  ['in', 'User', { id: { in: [1, 2] } }, { id: [1, 2] }],
  ['in, with each value once', 'User', { id: { in: [1, 2, 1] } }, { id: [1, 2] }],
  [
    'in with the most values allowed',
    'User',
    { id: { in: numbers(MOST_PINNED) } },
    { id: numbers(MOST_PINNED) },
  ],
  ['the physical column', 'Post', { authorId: 1 }, { author_id: [1] }],
  ['a bigint', 'Score', { id: 1n }, { id: [1n] }],
  ['a boolean', 'Post', { published: true }, { published: [true] }],
  ['an enum by its name in the database', 'User', { role: 'ADMIN' }, { role: ['administrator'] }],
  [
    'an enum without another name',
    'User',
    { role: { in: ['MEMBER', 'GUEST'] } },
    { role: ['member', 'GUEST'] },
  ],
  [
    'a compound key',
    'Membership',
    { userId_groupId: { userId: 1, groupId: 2 } },
    { user_id: [1], group_id: [2] },
  ],
  [
    'a compound key with a name of its own',
    'Seat',
    { place: { venue: 'v', row: 1, number: 2 } },
    { venue: ['v'], row: [1], number: [2] },
  ],
  [
    'an AND of several',
    'Post',
    { AND: [{ authorId: 1 }, { AND: { editorId: 2 } }] },
    { author_id: [1], editor_id: [2] },
  ],
  ['an AND combined with an OR', 'Post', { authorId: 1, OR: [{ id: 1 }, { id: 2 }] }, { author_id: [1] }],
  [
    'the shorter of two lists, never their intersection',
    'User',
    { email: { in: ['A', 'b'] }, AND: { email: 'a' } },
    { email: ['a'] },
  ],
  ['equals, which takes precedence over in', 'User', { id: { in: [1, 2], equals: 2 } }, { id: [2] }],
  ['properties that a class instance inherits', 'User', Object.create({ id: 1 }), { id: [1] }],
]

const free: readonly Row[] = [
  ['no filter', 'User', undefined, undefined],
  ['an undefined value', 'User', { id: undefined }, undefined],
  ['a skipped value', 'User', { id: skip }, undefined],
  ['an undefined equals', 'User', { id: { equals: undefined } }, undefined],
  ['a skipped in', 'User', { id: { in: skip } }, undefined],
  ['NULL', 'Post', { editorId: null }, undefined],
  ['equals NULL', 'Post', { editorId: { equals: null } }, undefined],
  ['an in that contains NULL', 'Post', { editorId: { in: [1, null] } }, undefined],
  ['an in with a hole', 'Post', { editorId: { in: [1, undefined] } }, undefined],
  ['an empty in', 'User', { id: { in: [] } }, undefined],
  ['an in that is too long', 'User', { id: { in: numbers(MOST_PINNED + 1) } }, undefined],
  ['equals regardless of case (ILIKE)', 'User', { email: { equals: 'a%', mode: 'insensitive' } }, undefined],
  ['in regardless of case', 'User', { email: { in: ['a'], mode: 'insensitive' } }, undefined],
  ['a reference to another column', 'Post', { id: { equals: new FieldRef() } }, undefined],
  ['a list that is a reference', 'Post', { id: { in: new FieldRef() } }, undefined],
  ['OR', 'User', { OR: [{ id: 1 }] }, undefined],
  ['NOT', 'User', { NOT: { id: 1 } }, undefined],
  ['an OR under AND', 'User', { AND: [{ OR: [{ id: 1 }] }] }, undefined],
  ['not', 'User', { id: { not: 1 } }, undefined],
  ['notIn', 'User', { id: { notIn: [1] } }, undefined],
  ['a range', 'User', { id: { gte: 1, lte: 1 } }, undefined],
  ['startsWith', 'User', { email: { startsWith: 'a' } }, undefined],
  ['a number that Prisma truncates', 'User', { id: 1.5 }, undefined],
  ['a number too large to be exact', 'Score', { id: 2 ** 60 }, undefined],
  ['a to-one relation', 'Post', { author: { id: 1 } }, undefined],
  ['a to-one relation with is', 'Post', { author: { is: { id: 1 } } }, undefined],
  ['some of a relation', 'User', { posts: { some: { id: 1 } } }, undefined],
  ['none of a relation', 'User', { posts: { none: { authorId: 1 } } }, undefined],
  ['a decimal', 'Ledger', { code: '1.10' }, undefined],
  ['a float', 'Everything', { float: 1 }, undefined],
  ['a date', 'Everything', { moment: new Date(0) }, undefined],
  ['bytes', 'Everything', { bytes: new Uint8Array(1) }, undefined],
  ['a list', 'Everything', { ints: { equals: [1] } }, undefined],
  ['JSON', 'Document', { content: { equals: 'a' } }, undefined],
  ['an object with toJSON', 'User', { id: { toJSON: () => 2 } }, undefined],
  ['an unknown field', 'User', { nothing: 1 }, undefined],
]

describe('a where pins its columns with', () => {
  test.each(binding)('%s', (_fact, model, where, pins) => {
    expect(pinsOf(models, model, where)).toEqual(pins)
  })
})

describe('a where pins no column with', () => {
  test.each(free)('%s', (_fact, model, where, pins) => {
    expect(pinsOf(models, model, where)).toEqual(pins)
  })
})
