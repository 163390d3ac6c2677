import { expect, it } from 'vitest'
import { createUnfinished } from '../../src/marks/pending-writes.ts'
import type { ReadTag } from '../../src/tags/read-tags.ts'
import type { WriteTag } from '../../src/tags/write-tags.ts'

const write = (more: Partial<WriteTag> = {}): WriteTag => ({
  table: 't',
  record: '{t}',
  known: ['k', 'u'],
  unknown: new Set(),
  cells: new Set(),
  ...more,
})
const read = (
  fields: readonly string[],
  cells: readonly string[] = [],
  list: ReadTag['list'] = 'no',
): ReadTag => ({
  record: '{t}',
  fields,
  cells,
  list,
  names: [],
  insteadOfList: () => undefined,
})

it('covers what depends on the rows of an unfinished write, and nothing else', () => {
  const unfinished = createUnfinished()
  const row = read(['k'], ['k=1'])
  expect(unfinished.covers([row])).toBe(false)
  const forget = unfinished.add([write({ cells: new Set(['k=1']), unknown: new Set(['u']) })])
  expect(unfinished.covers([row])).toBe(true)
  expect(unfinished.covers([read(['k'], ['k=2'])])).toBe(false)
  expect(unfinished.covers([read(['u'], ['u=7'])])).toBe(true)
  expect(unfinished.covers([read(['stranger'], ['s=1'])])).toBe(true)
  expect(unfinished.covers([{ ...row, record: '{other}' }])).toBe(false)
  forget()
  expect(unfinished.covers([row])).toBe(false)
})

it('covers every read of the whole table; a unique lookup only as far as its list', () => {
  const unfinished = createUnfinished()
  unfinished.add([write({ cells: new Set(['k=1']) })])
  expect(unfinished.covers([read(['list'], [], 'depends')])).toBe(true)
  expect(unfinished.covers([read(['list', 'k'], ['k=2'], 'maybe')])).toBe(false)
  expect(unfinished.writes('{t}')).toBe(true)
  expect(unfinished.writes('{other}')).toBe(false)
})

it('keeps two writes of the same tags apart, even when they share the object', () => {
  const unfinished = createUnfinished()
  const tags = [write({ cells: new Set(['k=1']) })]
  const forgetFirst = unfinished.add(tags)
  const forgetSecond = unfinished.add(tags)
  forgetFirst()
  forgetFirst()
  expect(unfinished.covers([read(['k'], ['k=1'])])).toBe(true)
  forgetSecond()
  expect(unfinished.covers([read(['k'], ['k=1'])])).toBe(false)
})

it('covers everything until all that asked for it have let go', async () => {
  const unfinished = createUnfinished()
  const first = unfinished.addAll()
  const second = unfinished.addAll()
  let idle = false
  void unfinished.idle().then(() => {
    idle = true
  })
  first()
  first()
  expect(unfinished.covers([])).toBe(true)
  await Promise.resolve()
  expect(idle).toBe(false)
  second()
  expect(unfinished.covers([read(['k'])])).toBe(false)
  await Promise.resolve()
  expect(idle).toBe(true)
})
