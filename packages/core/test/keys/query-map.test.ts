import { expect, it } from 'vitest'
import { canonical } from '../../src/keys/canonical.ts'
import { createQueryMap } from '../../src/keys/query-map.ts'

const bare = (properties: object): object => Object.assign(Object.create(null), properties)

// Arguments that are easily taken for one another.
const queries: readonly unknown[] = [
  ...[
    undefined,
    null,
    true,
    false,
    0,
    -0,
    1,
    -1,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1n,
    '1',
    '',
    'a',
  ],
  ...['undefined', 'null', '{', '[', '}', ']', '\ud800', '\ud801'],
  ...[
    [],
    {},
    [[]],
    [{}],
    [null],
    [undefined],
    new Array(1),
    ['a', 'b'],
    [['a'], 'b'],
    [['a', 'b']],
    ['a', ['b']],
  ],
  ...[
    { a: 1 },
    { a: '1' },
    { a: 1n },
    { a: -0 },
    { a: 0 },
    { a: null },
    { a: [1] },
    { a: { b: 1 } },
    { b: 1 },
  ],
  ...[{ a: { b: 1, c: 2 } }, { a: { b: 1 }, c: 2 }, { a: {}, b: 1, c: 2 }, { a: 1, b: 2 }, { b: 2, a: 1 }],
  ...[{ a: undefined }, { a: undefined, b: 1 }, bare({ a: 1 }), bare({ a: 1, b: 2 }), { '': 1 }, { a: [] }],
  ...[{ a: new Date(0) }, new Date(0), new Map([['a', 1]]), new Uint8Array([1]), { a: new Uint8Array([1]) }],
]

it('finds a query exactly if its canonical text is the same, or gives nothing', () => {
  const map = createQueryMap<{ readonly text: string }>(1_000)
  let fitting = 0
  for (const query of queries) {
    const text = canonical(query)
    const found = map.get([7, query])
    if (found) expect(found.text).toBe(text)
    else if (map.set([7, query], { text })) fitting++
  }
  for (const query of queries) expect(map.get([7, query])?.text ?? canonical(query)).toBe(canonical(query))
  expect(fitting).toBeGreaterThan(35)
})

it('tells parts apart, whatever moves from one to the next', () => {
  const map = createQueryMap<object>(100)
  const lists = [
    ['a', undefined, 'b'],
    ['a', 'b', undefined],
    [undefined, 'a', 'b'],
    ['a', ['b'], undefined],
    [1, 'a', 'b'],
  ]
  const values = lists.map((parts) => {
    const value = {}
    expect(map.get(parts)).toBeUndefined()
    expect(map.set(parts, value)).toBe(true)
    return value
  })
  for (const [index, parts] of lists.entries()) expect(map.get(parts)).toBe(values[index])
})

it('finds nothing for a query that the caller has changed', () => {
  const map = createQueryMap<object>(100)
  const query = { where: { id: 1 } as Record<string, unknown> }
  map.set([query], {})
  query.where.id = 2
  expect(map.get([query])).toBeUndefined()
  query.where.id = 1
  query.where.more = 1
  expect(map.get([query])).toBeUndefined()
})

it.each<[string, unknown]>([
  ['an object of a class', { at: new Date() }],
  ['an object with symbol keys', { [Symbol('key')]: 1 }],
  ['a function', { is: () => 1 }],
  ['-0, which a map takes for 0', { is: -0 }],
  ['a hole in a list', { in: new Array(2) }],
  ['a long text', { is: 'x'.repeat(1_000) }],
  ['a long list', { in: Array.from({ length: 1_000 }, (_, id) => id) }],
])('does not remember %s', (_, query) => {
  const map = createQueryMap<object>(100)
  expect(map.set([query], {})).toBe(false)
  expect(map.get([query])).toBeUndefined()
})

it('a cycle does not fit, and ends', () => {
  const query: Record<string, unknown> = {}
  query.self = query
  const map = createQueryMap<object>(100)
  expect(map.set([query], {})).toBe(false)
  expect(map.get([query])).toBeUndefined()
})

it('forgets what was not used of late, and keeps what was', () => {
  const map = createQueryMap<{ readonly id: number }>(100)
  const used = (id: number): { id: number } => ({ id })
  map.set([used(-1)], { id: -1 })
  for (let id = 0; id < 1_000; id++) {
    map.set([used(id)], { id })
    expect(map.get([used(-1)])).toEqual({ id: -1 })
  }
  expect(map.get([used(0)])).toBeUndefined()
  const found = Array.from({ length: 1_000 }, (_, id) => map.get([used(id)])).filter(Boolean)
  expect(found.length).toBeLessThanOrEqual(100)
  expect(found.length).toBeGreaterThan(40)
})

it('queries that are unlike each other count for more', () => {
  const map = createQueryMap<object>(100)
  const unlike = (id: number): unknown[] => Array.from({ length: 60 }, (_, at) => id * 100 + at)
  for (let id = 0; id < 100; id++) map.set([unlike(id)], {})
  expect(Array.from({ length: 100 }, (_, id) => map.get([unlike(id)])).filter(Boolean).length).toBeLessThan(
    20,
  )
})

it('queries that end at other depths, or in empty objects and lists, are told apart', () => {
  const queries = [
    {},
    [],
    [[]],
    [{}],
    { a: {} },
    { a: [] },
    { a: [[]] },
    { a: { b: 1 } },
    { a: { b: 1 }, c: 2 },
    { a: { b: 1, c: 2 } },
    { a: { b: 1, c: undefined }, d: undefined, e: 3 },
    { a: [1, [2]] },
    { a: [1, [2], 3] },
    { a: [1, [2, 3]] },
    [1, [2]],
    [1, [2], 3],
    [[1, 2]],
    [[1], 2],
  ]
  for (const order of [queries, [...queries].reverse()]) {
    const map = createQueryMap<{ of: unknown }>(100)
    for (const query of order) {
      expect(map.get([1, undefined, false, query])).toBeUndefined()
      expect(map.set([1, undefined, false, query], { of: query })).toBe(true)
    }
    for (const query of order) expect(map.get([1, undefined, false, query])?.of).toBe(query)
  }
})
