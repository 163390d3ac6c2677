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
  const keep = (one: Fetched) => tags.keep(tags.beginFetch(), [REQUEST], one)
  keep(first)
  const known = () => {
    const [reply] = tags.lookUp([REQUEST]).tags
    return [...(reply?.fields ?? []), ...(reply?.cells ?? [])].map((state) => state?.nonce)
  }
  return { tags, keep, known }
}

it('clean states with a lease are kept', () => {
  expect(keeping().known()).toEqual(['a', 'b', 'c'])
})

it('states without a lease are not kept', () => {
  const { known } = keeping({
    epoch: 'e',
    entry: null,
    tags: [{ fields: [clean('a'), clean('b')], cells: [clean('c')] }],
  })
  expect(known()).toEqual([undefined, undefined, undefined])
})

it('a missing or dirty state is not kept, and drops the kept state of the tag', () => {
  const { keep, known } = keeping()
  keep(answer([dirty('a'), clean('b'), null]))
  expect(known()).toEqual([undefined, 'b', undefined])
  keep(answer([clean('a'), null, dirty('c')]))
  expect(known()).toEqual(['a', undefined, undefined])
})

it('a reply of another epoch drops everything that was kept', () => {
  const { tags, keep, known } = keeping()
  keep(answer([clean('a'), clean('b'), clean('c')], { epoch: 'f' }))
  expect(known()).toEqual(['a', 'b', 'c'])
  tags.keep(tags.beginFetch(), [], { epoch: 'e', entry: null, tags: [] })
  expect(known()).toEqual([undefined, undefined, undefined])
  expect(tags.lookUp([]).epoch).toBe('e')
})

it('a state is used while its lease holds', () => {
  let holds = true
  const { keep, known } = keeping(
    answer([clean('a'), clean('b'), clean('c')], { lease: { holds: () => holds } }),
  )
  holds = false
  expect(known()).toEqual([undefined, undefined, undefined])
  keep(answer([clean('a'), clean('b'), clean('c')]))
  expect(known()).toEqual(['a', 'b', 'c'])
})

it('a changed record drops its fields, a changed cell drops itself', () => {
  const { tags, known } = keeping()
  tags.drop(['{r}', '{s}'])
  expect(known()).toEqual([undefined, undefined, 'c'])
  tags.drop(['{r}:1'])
  expect(known()).toEqual([undefined, undefined, undefined])
})

it('if any tag may have changed, nothing is kept', () => {
  const { tags, known } = keeping()
  tags.drop(undefined)
  expect(known()).toEqual([undefined, undefined, undefined])
})

it.each([
  ['a record', ['{r}'], [undefined, undefined, 'c']],
  ['a cell', ['{r}:1'], ['a', 'b', undefined]],
  ['anything', undefined, [undefined, undefined, undefined]],
])('%s that changed since the request was sent is not kept', (_, changed, expected) => {
  const { tags, known } = keeping()
  const asked = tags.beginFetch()
  tags.drop(changed)
  tags.keep(asked, [REQUEST], answer([clean('a'), clean('b'), clean('c')]))
  expect(known()).toEqual(expected)
})

it('more changes than can be recorded count as a change of everything', () => {
  const { tags, known } = keeping()
  const asked = tags.beginFetch()
  for (let count = 0; count < 300; count++) tags.drop([`{other}:${count}`])
  tags.keep(asked, [REQUEST], answer([clean('a'), clean('b'), clean('c')]))
  expect(known()).toEqual([undefined, undefined, undefined])
  tags.keep(tags.beginFetch(), [REQUEST], answer([clean('a'), clean('b'), clean('c')]))
  expect(known()).toEqual(['a', 'b', 'c'])
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
  const known = Array.from({ length: 50 }, (_, count) => count).filter(
    (count) => tags.lookUp([request(count)]).tags[0]?.cells[0],
  )
  expect(known.length).toBeLessThanOrEqual(10)
  expect(known).toContain(0)
  expect(known).toContain(49)
})
