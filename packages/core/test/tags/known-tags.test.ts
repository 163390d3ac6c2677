import { expect, it, vi } from 'vitest'
import type { Occurrence } from '../../src/plan/plan.ts'
import { type DeriveTags, rememberTags } from '../../src/tags/known-tags.ts'
import { tagsOfRead } from '../../src/tags/read-tags.ts'
import { column, primary, schema, space, table } from './tables.ts'

const tables = schema(table('item', [column('id')], { keys: [primary('id')] }))

function remembering(most = 100) {
  const derive = vi.fn<DeriveTags>((occurrences, userTags) =>
    tagsOfRead(space, tables, occurrences, userTags),
  )
  return { derive, known: rememberTags(derive, most) }
}
const row = (id: unknown): readonly Occurrence[] => [{ table: 'item', pins: { id: [id] }, rows: () => 1 }]
const cells = (tags: ReturnType<DeriveTags>) => tags.flatMap((tag) => tag.cells)

it('tags of a read asked before are not derived again', () => {
  const { derive, known } = remembering()
  expect(known('a', row(1), ['t'])).toBe(known('a', row(1), ['t']))
  expect(derive).toHaveBeenCalledTimes(1)
  expect(known('a', row(1), ['t'])).toEqual([
    ...tagsOfRead(space, tables, row(1), ['t']).map((tag) => ({
      ...tag,
      insteadOfList: expect.any(Function),
    })),
  ])
})

it.each<[string, readonly Occurrence[], readonly string[]]>([
  ['another value', row(2), []],
  ['a value of another type', row('1'), []],
  ['another table', [{ table: 'note', pins: { id: [1] } }], []],
  ['one more value', [{ table: 'item', pins: { id: [1, 2] } }], []],
  ['one more column', [{ table: 'item', pins: { id: [1], v: [1] } }], []],
  ['other columns', [{ table: 'item', pins: { v: [1] } }], []],
  ['no columns', [{ table: 'item', pins: {} }], []],
  ['no pins', [{ table: 'item' }], []],
  ['one more occurrence', [...row(1), ...row(1)], []],
  ['none', [], []],
  ['a user tag', row(1), ['t']],
])('the same name with %s is derived anew', (_, occurrences, userTags) => {
  const { derive, known } = remembering()
  known('a', row(1), [])
  expect(cells(known('a', occurrences, userTags))).toEqual(
    cells(tagsOfRead(space, tables, occurrences, userTags)),
  )
  expect(derive).toHaveBeenCalledTimes(2)
})

it.each([
  ['nothing to resultDependency', undefined],
  ['other columns to resultDependency by', { columns: ['code'], found: true, values: () => undefined }],
  ['rows that need not be there', { columns: ['id'], found: false, values: () => undefined }],
])('the same name with %s is derived anew', (_, resultDependency) => {
  const { derive, known } = remembering()
  const learned = { columns: ['id'], found: true, values: () => undefined }
  known('a', [{ table: 'item', resultDependency: learned }], [])
  known('a', [{ table: 'item', resultDependency: { ...learned } }], [])
  expect(derive).toHaveBeenCalledTimes(1)
  known('a', [{ table: 'item', ...(resultDependency && { resultDependency }) }], [])
  expect(derive).toHaveBeenCalledTimes(2)
})

it('a list that its owner changes afterwards changes nothing that is remembered', () => {
  const { known } = remembering()
  const ids = [1]
  const plan = [{ table: 'item', pins: { id: ids } }]
  known('a', plan, [])
  ids[0] = 2
  expect(cells(known('a', plan, []))).toEqual(cells(tagsOfRead(space, tables, plan, [])))
})

it('whether a result is complete is not remembered: it stays with the plan', () => {
  const { known } = remembering()
  expect(known('a', row(1), []).every((tag) => !tag.insteadOfList([{ id: 1 }]))).toBe(true)
})
