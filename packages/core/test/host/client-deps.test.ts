import { createCache, memoryStore, type ReadEvent } from '@larder/core'
import type { Connection, Host } from '@larder/core/host'
import { fakeClock } from '@larder/testing'
import { expect, it } from 'vitest'
import { createDatabaseRegistry } from '../../src/host/database-registry.ts'

const table = (name: string) => ({ name, columns: [], keys: [], foreignKeys: [], touches: [], reads: [] })
const host = (connection?: Host['connection'], more: Partial<Host> = {}): Host => ({
  name: 'test',
  schema: { tables: new Map([['item', table('item')]]) },
  database: undefined,
  identity: [],
  types: {},
  ...(connection && { connection }),
  ...more,
})
const at = (
  place: string,
  settings: readonly string[] = [],
  hidden = false,
): NonNullable<Host['connection']> => {
  const connection: Connection = { place, hidden, settings }
  return { current: () => connection }
}

/** Reads `item` once by each host in turn: which of them the database answered. */
async function sources(...hosts: readonly Host[]): Promise<readonly string[]> {
  const cache = createCache({ store: memoryStore({ isolated: true }) })
  const sources: string[] = []
  cache.on('read', ({ source }: ReadEvent) => sources.push(source))
  for (const host of hosts) {
    const engine = cache.attach(host)
    await engine.read({
      operation: 'find',
      model: 'Item',
      policy: engine.policy({ ttl: '1m' }, 'item'),
      query: 1,
      occurrences: [{ table: 'item' }],
      severalStatements: false,
      run: async () => 'row',
    })
  }
  return sources
}

it('clients of the same database share entries, and clients of different databases never do', async () => {
  expect(await sources(host(at('a')), host(at('a')))).toEqual(['database', 'memory'])
  expect(await sources(host(at('a')), host(at('b')))).toEqual(['database', 'database'])
})

it('a database name replaces the address in entry keys, but not the session settings', async () => {
  const named = { database: 'shop' }
  expect(await sources(host(at('a'), named), host(at('b'), named))).toEqual(['database', 'memory'])
  expect(await sources(host(at('a', ['user=x']), named), host(at('a', ['user=y']), named))).toEqual([
    'database',
    'database',
  ])
})

it('reads bypass the cache while the connection is unknown', async () => {
  const unknown = host({ current: () => undefined })
  expect(await sources(unknown, unknown)).toEqual(['database', 'database'])
})

it('a result is not stored if the connection changed while it loaded', async () => {
  let now: Connection = { place: 'a', hidden: false, settings: ['parsers=1'] }
  const cache = createCache()
  const engine = cache.attach(host({ current: () => now }))
  const read = (run: () => Promise<unknown>) =>
    engine.read({
      operation: 'find',
      model: 'Item',
      policy: engine.policy({ ttl: '1m' }, 'item'),
      query: 1,
      occurrences: [{ table: 'item' }],
      severalStatements: false,
      run,
    })
  const before = now
  await read(async () => {
    now = { ...now, settings: ['parsers=2'] }
    return 'parsed by either'
  })
  now = before
  expect(await read(async () => 'parsed by the first')).toBe('parsed by the first')
})

it('a computed value is shared only by programs that use the same database', async () => {
  const store = memoryStore()
  const wrapped = async (connection: Host['connection'], load: string): Promise<unknown> => {
    const cache = createCache({ store })
    cache.attach(host(connection))
    return cache.wrap('report', { ttl: '1m', reads: ['item'] }, async () => load)
  }
  expect(await wrapped(at('a'), 'of a')).toBe('of a')
  expect(await wrapped(at('b'), 'of b')).toBe('of b')
  expect(await wrapped(at('a', ['user=x']), 'of x')).toBe('of x')
  expect(await wrapped(at('a'), 'again')).toBe('of a')
  expect(await wrapped({ current: () => undefined }, 'of one')).toBe('of one')
  expect(await wrapped({ current: () => undefined }, 'of another')).toBe('of another')
})

it('two databases on one cache give one warning, and none if they are named or the same', () => {
  const warned = (...hosts: readonly Host[]): readonly string[] => {
    const cache = createCache()
    const codes: string[] = []
    cache.on('warning', ({ code }) => codes.push(code))
    for (const host of hosts) cache.attach(host)
    return codes
  }
  expect(warned(host(at('a')), host(at('a')), host(at('a', ['user=x']), { name: 'other' }))).toEqual([])
  expect(warned(host(at('a')), host(at('b')), host(at('c')))).toEqual(['several-databases'])
  expect(warned(host(at('a'), { database: 'x' }), host(at('b'), { database: 'y' }))).toEqual([])
  expect(warned(host(at('1', [], true)), host(at('2', [], true)))).toEqual(['hidden-connection'])
  expect(warned(host(at('1', [], true), { database: 'x' }))).toEqual([])
})

it('detaching a client removes its tables, unless another client has them', async () => {
  const cache = createCache()
  const [first, second] = [cache.attach(host()), cache.attach(host())]
  first.detach()
  first.detach()
  await cache.invalidate({ tables: ['item'] })
  cache.attach(host(undefined, { schema: { tables: new Map([['other', table('other')]]) } }))
  second.detach()
  await expect(cache.invalidate({ tables: ['item'] })).rejects.toThrow(/no attached client has a table item/)
})

it('the tables of a collected client are kept until its last entry has expired', () => {
  const clock = fakeClock()
  const collected: (() => void)[] = []
  const registry = createDatabaseRegistry(
    clock.now,
    () => 1_000,
    (_, then) => {
      collected.push(then)
      return () => {}
    },
  )
  registry.add({ database: 'main', schema: '1', tables: new Map() }, {})
  for (const then of collected) then()
  expect(registry.list()).toHaveLength(1)
  clock.advance(999)
  expect(registry.list()).toHaveLength(1)
  clock.advance(1)
  expect(registry.list()).toHaveLength(0)
})
