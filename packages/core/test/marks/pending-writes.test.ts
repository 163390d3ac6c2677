import { expect, it } from 'vitest'
import { createPendingWrites } from '../../src/marks/pending-writes.ts'
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

it('only reads that depend on rows of a pending write bypass the cache', () => {
  const unfinished = createPendingWrites()
  const row = read(['k'], ['k=1'])
  expect(unfinished.mustBypass([row])).toBe(false)
  const forget = unfinished.add([write({ cells: new Set(['k=1']), unknown: new Set(['u']) })])
  expect(unfinished.mustBypass([row])).toBe(true)
  expect(unfinished.mustBypass([read(['k'], ['k=2'])])).toBe(false)
  expect(unfinished.mustBypass([read(['u'], ['u=7'])])).toBe(true)
  expect(unfinished.mustBypass([read(['stranger'], ['s=1'])])).toBe(true)
  expect(unfinished.mustBypass([{ ...row, record: '{other}' }])).toBe(false)
  forget()
  expect(unfinished.mustBypass([row])).toBe(false)
})

it('every read of the whole table bypasses the cache, and a unique lookup only if it depends on the list', () => {
  const unfinished = createPendingWrites()
  unfinished.add([write({ cells: new Set(['k=1']) })])
  expect(unfinished.mustBypass([read(['list'], [], 'depends')])).toBe(true)
  expect(unfinished.mustBypass([read(['list', 'k'], ['k=2'], 'maybe')])).toBe(false)
  expect(unfinished.isWriting('{t}')).toBe(true)
  expect(unfinished.isWriting('{other}')).toBe(false)
})

it('two pending writes of the same tags are removed separately, even if they share the object', () => {
  const unfinished = createPendingWrites()
  const tags = [write({ cells: new Set(['k=1']) })]
  const forgetFirst = unfinished.add(tags)
  const forgetSecond = unfinished.add(tags)
  forgetFirst()
  forgetFirst()
  expect(unfinished.mustBypass([read(['k'], ['k=1'])])).toBe(true)
  forgetSecond()
  expect(unfinished.mustBypass([read(['k'], ['k=1'])])).toBe(false)
})

it('every read bypasses the cache until each caller that requested it has released it', async () => {
  const unfinished = createPendingWrites()
  const first = unfinished.addAll()
  const second = unfinished.addAll()
  let idle = false
  void unfinished.idle().then(() => {
    idle = true
  })
  first()
  first()
  expect(unfinished.mustBypass([])).toBe(true)
  await Promise.resolve()
  expect(idle).toBe(false)
  second()
  expect(unfinished.mustBypass([read(['k'])])).toBe(false)
  await Promise.resolve()
  expect(idle).toBe(true)
})
