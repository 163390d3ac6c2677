import { expect, it, vi } from 'vitest'
import type { Occurrence } from '../../src/plan/plan.ts'
import { type DeriveTags, type KnownRead, rememberTags } from '../../src/tags/known-tags.ts'
import { type ReadTag, tagsOfRead } from '../../src/tags/read-tags.ts'
import { column, primary, schema, space, table } from './tables.ts'

const tables = schema(table('item', [column('id')], { keys: [primary('id')] }))

function remembering(most = 100) {
  const derive = vi.fn<DeriveTags>((occurrences, userTags) =>
    tagsOfRead(space, tables, occurrences, userTags),
  )
  const remember = rememberTags(derive, most)
  const keys = new Map<string, KnownRead>()
  const tagsFor = (name: string, ...parts: Parameters<DeriveTags>) => {
    const key = keys.get(name) ?? { key: name }
    keys.set(name, key)
    return remember(key, ...parts)
  }
  return { derive, remember, tagsFor }
}
const row = (id: unknown): readonly Occurrence[] => [{ table: 'item', pins: { id: [id] }, rows: () => 1 }]
const cells = (tags: ReturnType<DeriveTags>) => tags.flatMap((tag) => tag.cells)

it('the tags of a repeated read are not derived again', () => {
  const { derive, tagsFor } = remembering()
  expect(tagsFor('a', row(1), ['t'])).toBe(tagsFor('a', row(1), ['t']))
  expect(derive).toHaveBeenCalledTimes(1)
  const { record, fields, cells, list, names } = tagsFor('a', row(1), ['t'])[0] as ReadTag
  expect({ record, fields, cells, list, names, insteadOfList: expect.any(Function) }).toEqual(
    tagsOfRead(space, tables, row(1), ['t'])[0],
  )
})

it.each<[string, readonly Occurrence[], readonly string[]]>([
  ['a different value', row(2), []],
  ['a value of another type', row('1'), []],
  ['a list in place of a value', row([1]), []],
  ['a different table', [{ table: 'note', pins: { id: [1] } }], []],
  ['one more value', [{ table: 'item', pins: { id: [1, 2] } }], []],
  ['one more column', [{ table: 'item', pins: { id: [1], v: [1] } }], []],
  ['different columns', [{ table: 'item', pins: { v: [1] } }], []],
  ['no columns', [{ table: 'item', pins: {} }], []],
  ['no pins', [{ table: 'item' }], []],
  ['one more occurrence', [...row(1), ...row(1)], []],
  ['none', [], []],
  ['a user tag', row(1), ['t']],
])('tags of the same read name with %s are derived again', (_, occurrences, userTags) => {
  const { derive, tagsFor } = remembering()
  tagsFor('a', row(1), [])
  expect(cells(tagsFor('a', occurrences, userTags))).toEqual(
    cells(tagsOfRead(space, tables, occurrences, userTags)),
  )
  expect(derive).toHaveBeenCalledTimes(2)
})

it.each([
  ['no result dependency', undefined],
  ['different columns of a result dependency', { columns: ['code'], found: true, values: () => undefined }],
  [
    'a result dependency whose rows may be missing',
    { columns: ['id'], found: false, values: () => undefined },
  ],
])('tags of the same read name with %s are derived again', (_, resultDependency) => {
  const { derive, tagsFor } = remembering()
  const dependency = { columns: ['id'], found: true, values: () => undefined }
  tagsFor('a', [{ table: 'item', resultDependency: dependency }], [])
  tagsFor('a', [{ table: 'item', resultDependency: { ...dependency } }], [])
  expect(derive).toHaveBeenCalledTimes(1)
  tagsFor('a', [{ table: 'item', ...(resultDependency && { resultDependency }) }], [])
  expect(derive).toHaveBeenCalledTimes(2)
})

it('changing a list of values later does not change remembered tags', () => {
  const { tagsFor } = remembering()
  const ids = [1]
  const plan = [{ table: 'item', pins: { id: ids } }]
  tagsFor('a', plan, [])
  ids[0] = 2
  expect(cells(tagsFor('a', plan, []))).toEqual(cells(tagsOfRead(space, tables, plan, [])))
})

it('whether a result is complete is taken from each plan and not remembered', () => {
  const { tagsFor } = remembering()
  expect(tagsFor('a', row(1), []).every((tag) => !tag.insteadOfList([{ id: 1 }]))).toBe(true)
})

it('tags of a read whose key is not remembered are remembered by its name', () => {
  const { derive, remember } = remembering()
  for (let time = 0; time < 2; time++) remember({ key: 'a', known: null }, row(1), [])
  remember({ key: 'b', known: null }, row(1), [])
  expect(derive).toHaveBeenCalledTimes(2)
})

it('a value is not taken for a list with that value', () => {
  const { derive, tagsFor } = remembering()
  tagsFor('a', row([1]), [])
  tagsFor('a', row(1), [])
  expect(derive).toHaveBeenCalledTimes(2)
})
