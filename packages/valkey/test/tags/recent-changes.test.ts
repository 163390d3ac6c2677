import type { FinishRequest, MarkRequest } from '@larder/core/store'
import { expect, it } from 'vitest'
import { createRecentChanges } from '../../src/tags/recent-changes.ts'

const record = '{n:main:item}'
const mark = (token: string, more: Partial<MarkRequest> = {}): MarkRequest => ({
  record,
  token,
  fields: ['list'],
  known: ['id'],
  cells: [`${record}:id=1`],
  lifetime: 30_000,
  ...more,
})
const finish = (token: string, more: Partial<FinishRequest> = {}): FinishRequest => ({
  record,
  token,
  untouched: ['code'],
  keep: ['id'],
  cells: [`${record}:id=1`],
  ...more,
})
const any = () => true

function clock(most?: number, mostWhole?: number) {
  let time = 1_000
  return {
    recent: createRecentChanges(() => time, most, mostWhole),
    pass: (ms: number) => {
      time += ms
    },
  }
}

it('a mark is kept until it is finished, and a finish is kept for five seconds', () => {
  const { recent, pass } = clock()
  recent.marked(mark('a'))
  pass(20_000)
  expect(recent.replay(any)).toEqual({ marks: [mark('a')], finishes: [], newEpoch: false })
  recent.finished(finish('a'))
  pass(5_000)
  expect(recent.replay(any)).toEqual({ marks: [], finishes: [finish('a')], newEpoch: false })
  pass(1)
  expect(recent.replay(any)).toEqual({ marks: [], finishes: [], newEpoch: false })
})

it('the five seconds begin again when a finish is acknowledged late', () => {
  const { recent, pass } = clock()
  recent.finished(finish('a'))
  pass(4_000)
  recent.finished(finish('a'))
  pass(4_000)
  expect(recent.replay(any).finishes).toEqual([finish('a')])
})

it('a mark that is not renewed expires after its lifetime, and a renewal replaces the mark', () => {
  const { recent, pass } = clock()
  recent.marked(mark('a'))
  recent.marked(mark('a', { cells: [] }))
  expect(recent.replay(any).marks).toEqual([mark('a', { cells: [] })])
  pass(30_001)
  expect(recent.replay(any).marks).toEqual([])
})

it('only changes of the server’s own records are sent again', () => {
  const { recent } = clock()
  const other = '{n:main:note}'
  recent.marked(mark('a'))
  recent.marked(mark('a', { record: other }))
  recent.finished(finish('b', { record: other }))
  expect(recent.replay((name) => name === other)).toEqual({
    marks: [mark('a', { record: other })],
    finishes: [finish('b', { record: other })],
    newEpoch: false,
  })
})

it('finishes are sent oldest first', () => {
  const { recent, pass } = clock()
  for (const token of ['a', 'b', 'c']) {
    recent.finished(finish(token))
    pass(1)
  }
  recent.finished(finish('a'))
  expect(recent.replay(any).finishes.map(({ token }) => token)).toEqual(['b', 'c', 'a'])
})

it('finishes above the limit become a finish of their whole table, except those of user tags', () => {
  const { recent, pass } = clock(2)
  const tag = '{n:##x}'
  for (const token of ['a', 'b', 'c', 'd']) recent.finished(finish(token))
  recent.finished({ record: tag, token: 'e', untouched: [], keep: [], cells: [tag] })
  expect(recent.replay(any)).toEqual({
    marks: [],
    finishes: [
      finish('a'),
      finish('b'),
      { record, token: '', untouched: [], keep: [], cells: [] },
      { record: tag, token: '', untouched: [], keep: [], cells: [tag] },
    ],
    newEpoch: false,
  })
  pass(5_001)
  recent.finished(finish('f'))
  expect(recent.replay(any).finishes).toEqual([finish('f')])
})

it('tables above the limit become a new epoch', () => {
  const { recent, pass } = clock(0, 2)
  for (const name of ['1', '2', '3']) recent.finished(finish(name, { record: name }))
  expect(recent.replay(any)).toEqual({ marks: [], finishes: [], newEpoch: true })
  pass(5_001)
  expect(recent.replay(any).newEpoch).toBe(false)
  recent.invalidatedAll()
  expect(recent.replay(any).newEpoch).toBe(true)
})

it('marks above the limit become marks of their whole tables', () => {
  const { recent, pass } = clock(1)
  recent.marked(mark('a', { lifetime: 10 }))
  recent.marked(mark('b', { fields: ['list', 'id'] }))
  expect(recent.replay(any).marks[1]).toEqual(mark('b', { known: [], cells: [] }))
  // The first is over: there is room again.
  pass(11)
  recent.marked(mark('b'))
  recent.finished(finish('b'))
  recent.marked(mark('c'))
  expect(recent.replay(any).marks).toEqual([mark('c')])
})
