import { expect, it } from 'vitest'
import { createRenewals } from '../../src/tags/renewal.ts'

const record = '{n:main:item}'
const cell = `${record}:id=1`
const tags = [{ record, fields: ['list', 'id'], cells: [cell] }]

function clock(most?: number) {
  let time = 1_000
  return {
    renewals: createRenewals(() => time, most),
    pass: (ms: number) => {
      time += ms
    },
  }
}

it('a tag is due at its first load, and again after a quarter of its lifetime', () => {
  const { renewals, pass } = clock()
  const renewal = { tags, lifetime: 1_000 }
  expect(renewals.due(renewal)).toEqual(tags)
  pass(250)
  expect(renewals.due(renewal)).toEqual([])
  pass(1)
  expect(renewals.due(renewal)).toEqual(tags)
  expect(renewals.due(renewal)).toEqual([])
})

it('a longer lifetime makes a tag due immediately, and a shorter one does not', () => {
  const { renewals } = clock()
  renewals.due({ tags, lifetime: 1_000 })
  expect(renewals.due({ tags, lifetime: 900 })).toEqual([])
  expect(renewals.due({ tags, lifetime: 4_000 })).toEqual(tags)
})

it('only cells that were not extended are due', () => {
  const { renewals } = clock()
  renewals.due({ tags, lifetime: 1_000 })
  const other = `${record}:id=2`
  expect(
    renewals.due({ tags: [{ record, fields: ['list'], cells: [cell, other] }], lifetime: 1_000 }),
  ).toEqual([{ record, fields: [], cells: [other] }])
})

it('a tag that a seed extended is not due, and a seed with a shorter lifetime changes nothing', () => {
  const { renewals } = clock()
  renewals.done(tags, 1_000)
  renewals.done(tags, 10)
  expect(renewals.due({ tags, lifetime: 1_000 })).toEqual([])
})

it('a tag whose renewal failed is due again, and all tags are due after the server lost them', () => {
  const { renewals } = clock()
  const renewal = { tags, lifetime: 1_000 }
  renewals.due(renewal)
  renewals.forget(tags)
  expect(renewals.due(renewal)).toEqual(tags)
  renewals.clear()
  expect(renewals.due(renewal)).toEqual(tags)
})

it('a user tag is treated as a cell, because it is a cell with the name of its record', () => {
  const { renewals } = clock()
  const user = [{ record: '{n:##a}', fields: [], cells: ['{n:##a}'] }]
  expect(renewals.due({ tags: user, lifetime: 1_000 })).toEqual(user)
  expect(renewals.due({ tags: user, lifetime: 1_000 })).toEqual([])
})

it('the number of names is bounded, and the name renewed longest ago is dropped first', () => {
  const { renewals } = clock(2)
  const of = (name: string) => ({ tags: [{ record: name, fields: [], cells: [name] }], lifetime: 1_000 })
  for (const name of ['a', 'b', 'c']) renewals.due(of(name))
  expect(renewals.due(of('c'))).toEqual([])
  expect(renewals.due(of('b'))).toEqual([])
  expect(renewals.due(of('a'))).toEqual(of('a').tags)
})
