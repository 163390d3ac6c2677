import type { Fetched, Lease, TagRequest, TagState } from '@larder/core/store'
import { expect, it } from 'vitest'
import { createKeptTags } from '../../src/tier/kept-tags.ts'

const REQUEST: TagRequest = { record: '{r}', fields: ['list', 'k'], cells: ['{r}:1'] }
const HELD: Lease = { holds: () => true }
const clean = (nonce: string): TagState => ({ nonce, dirty: false })
const dirty = (nonce: string): TagState => ({ nonce, dirty: true })

function answer(
  states: readonly TagState[],
  { epoch = 'e', lease = HELD as Lease | undefined } = {},
): Fetched {
  const [list = null, k = null, cell = null] = states
  return { epoch, entry: null, tags: [{ fields: [list, k], cells: [cell], ...(lease && { lease }) }] }
}

function keeping(first = answer([clean('a'), clean('b'), clean('c')])) {
  const tags = createKeptTags(100)
  const keep = (fetched: Fetched) => tags.keep(tags.beginFetch(), [REQUEST], fetched)
  keep(first)
  const keptNonces = () => {
    const [reply] = tags.lookUp([REQUEST]).tags
    return [...(reply?.fields ?? []), ...(reply?.cells ?? [])].map((state) => state?.nonce)
  }
  return { tags, keep, keptNonces }
}

it('clean states with a lease are kept', () => {
  expect(keeping().keptNonces()).toEqual(['a', 'b', 'c'])
})

it('states without a lease are not kept', () => {
  const { keptNonces } = keeping({
    epoch: 'e',
    entry: null,
    tags: [{ fields: [clean('a'), clean('b')], cells: [clean('c')] }],
  })
  expect(keptNonces()).toEqual([undefined, undefined, undefined])
})

it('a missing or dirty state is not kept, and drops the kept state of the tag', () => {
  const { keep, keptNonces } = keeping()
  keep(answer([dirty('a'), clean('b'), null]))
  expect(keptNonces()).toEqual([undefined, 'b', undefined])
  keep(answer([clean('a'), null, dirty('c')]))
  expect(keptNonces()).toEqual(['a', undefined, undefined])
})

it('a reply of another epoch drops everything that was kept', () => {
  const { tags, keep, keptNonces } = keeping()
  keep(answer([clean('a'), clean('b'), clean('c')], { epoch: 'f' }))
  expect(keptNonces()).toEqual(['a', 'b', 'c'])
  tags.keep(tags.beginFetch(), [], { epoch: 'e', entry: null, tags: [] })
  expect(keptNonces()).toEqual([undefined, undefined, undefined])
  expect(tags.lookUp([]).epoch).toBe('e')
})

it('a state is used while its lease holds', () => {
  let holds = true
  const { keep, keptNonces } = keeping(
    answer([clean('a'), clean('b'), clean('c')], { lease: { holds: () => holds } }),
  )
  holds = false
  expect(keptNonces()).toEqual([undefined, undefined, undefined])
  keep(answer([clean('a'), clean('b'), clean('c')]))
  expect(keptNonces()).toEqual(['a', 'b', 'c'])
})

it('a changed record drops its fields, a changed cell drops itself', () => {
  const { tags, keptNonces } = keeping()
  tags.drop(['{r}', '{s}'])
  expect(keptNonces()).toEqual([undefined, undefined, 'c'])
  tags.drop(['{r}:1'])
  expect(keptNonces()).toEqual([undefined, undefined, undefined])
})

it('if any tag may have changed, nothing is kept', () => {
  const { tags, keptNonces } = keeping()
  tags.drop(undefined)
  expect(keptNonces()).toEqual([undefined, undefined, undefined])
})

it.each([
  ['a record', ['{r}'], [undefined, undefined, 'c']],
  ['a cell', ['{r}:1'], ['a', 'b', undefined]],
  ['anything', undefined, [undefined, undefined, undefined]],
])('%s that changed since the request was sent is not kept', (_, changed, expected) => {
  const { tags, keptNonces } = keeping()
  const fetchId = tags.beginFetch()
  tags.drop(changed)
  tags.keep(fetchId, [REQUEST], answer([clean('a'), clean('b'), clean('c')]))
  expect(keptNonces()).toEqual(expected)
})

it('more changes than can be recorded count as a change of everything', () => {
  const { tags, keptNonces } = keeping()
  const fetchId = tags.beginFetch()
  for (let count = 0; count < 300; count++) tags.drop([`{other}:${count}`])
  tags.keep(fetchId, [REQUEST], answer([clean('a'), clean('b'), clean('c')]))
  expect(keptNonces()).toEqual([undefined, undefined, undefined])
  tags.keep(tags.beginFetch(), [REQUEST], answer([clean('a'), clean('b'), clean('c')]))
  expect(keptNonces()).toEqual(['a', 'b', 'c'])
})

it('is bounded and evicts the least recently used first', () => {
  const tags = createKeptTags(10)
  const request = (count: number): TagRequest => ({
    record: `{${count}}`,
    fields: ['k'],
    cells: [`{${count}}:1`],
  })
  for (let count = 0; count < 50; count++) {
    const reply = { fields: [clean('b')], cells: [clean('c')], lease: HELD }
    tags.keep(tags.beginFetch(), [request(count)], { epoch: 'e', entry: null, tags: [reply] })
    tags.lookUp([request(0)])
  }
  const present = Array.from({ length: 50 }, (_, count) => count).filter(
    (count) => tags.lookUp([request(count)]).tags[0]?.cells[0],
  )
  expect(present.length).toBeLessThanOrEqual(10)
  expect(present).toContain(0)
  expect(present).toContain(49)
})
