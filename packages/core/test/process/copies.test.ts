import { settled } from '@larder/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SimulatedDatabase } from '../support/simulated-database.ts'
import { type Copy, type CopyOptions, copyOf, copyOfCore, newDatabase } from './module-copy.ts'

const HIT = { fresh: true, source: 'memory' }
const LOADED = { fresh: true, source: 'database' }

let database: SimulatedDatabase
let namespace: string
const open: Copy[] = []
let count = 0
beforeEach(() => {
  database = newDatabase()
  namespace = `copies-${count++}`
})
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ cache }) => cache.close()))
})

/** A copy of the module with a cache over memory. */
async function copy(options: CopyOptions & { readonly format?: string } = {}): Promise<Copy> {
  const { format, ...rest } = options
  const clientCopy = copyOf(await copyOfCore(format), database, { namespace, ...rest })
  open.push(clientCopy)
  return clientCopy
}

describe('two copies of the module in one process', () => {
  it('two copies of the module share one memory store, so that one hits what the other loaded', async () => {
    const [first, second] = [await copy(), await copy()]
    expect(await first.read()).toEqual(LOADED)
    expect(await second.read()).toEqual(HIT)
  })

  it("two copies of the module see each other's writes immediately", async () => {
    const [first, second] = [await copy(), await copy()]
    for (const writer of [first, second, first]) {
      await first.read()
      expect(await second.read()).toEqual(HIT)
      await writer.write()
      expect(await first.read()).toEqual(LOADED)
      expect(await second.read()).toEqual(HIT)
    }
  })

  it("two copies of the module see each other's writes immediately, even if one uses maxStaleness", async () => {
    const [first, second] = [await copy({ defaults: { maxStaleness: '1m' } }), await copy()]
    for (let time = 0; time < 3; time++) {
      await first.read()
      expect(await first.read()).toEqual(HIT)
      await second.write()
      expect((await first.read()).fresh).toBe(true)
      const writing = second.write()
      const reading = first.read()
      await Promise.all([writing, reading])
      expect((await first.read()).fresh).toBe(true)
    }
  })

  it('two copies of the module do not store results that were loaded while the other wrote', async () => {
    const [first, second] = [await copy(), await copy()]
    await second.read()
    const writing = first.write()
    const reading = second.read()
    await Promise.all([writing, reading])
    expect((await second.read()).fresh).toBe(true)
    expect((await first.read()).fresh).toBe(true)
  })

  it("two copies of the module capture each other's reads: a computed value of one depends on the reads through the other", async () => {
    const [first, second] = [await copy(), await copy()]
    let loads = 0
    const ask = async () => {
      const value = first.cache.wrap('page', { ttl: '1m' }, async () => {
        loads++
        return (await second.read()).fresh
      })
      expect(await value).toBe(true)
      await settled()
      return loads
    }
    expect([await ask(), await ask()]).toEqual([1, 1])
    await second.write()
    expect([await ask(), await ask()]).toEqual([2, 2])
    await first.write()
    expect([await ask(), await ask()]).toEqual([3, 3])
  })

  it("two copies of the module invalidate each other's reads by row, by table, and all at once", async () => {
    const [first, second] = [await copy(), await copy()]
    const requests = [
      { rows: [{ table: 'item', key: { id: 1 } }] },
      { tables: ['item'] },
      { all: true as const },
    ]
    for (const request of requests) {
      await second.read()
      await first.cache.invalidate(request)
      expect(await second.read()).toEqual(LOADED)
    }
  })

  it('two copies of the module apply an invalidation inside a transaction of the other when that commits, and not before', async () => {
    const [first, second] = [await copy(), await copy()]
    await first.read()
    const scope = first.engine.transaction('late')
    await first.engine.inside(scope, async () => {
      await second.cache.invalidate({ tables: ['item'] })
      // Loaded now, before COMMIT, this would be stored as fresh had the invalidation been applied.
      expect(scope.tables()).toEqual(['item'])
      await scope.seal()
    })
    await scope.end('committed')
    expect(await first.read()).toEqual(LOADED)

    const dropped = first.engine.transaction('late')
    await first.engine.inside(dropped, () => second.cache.invalidate({ tables: ['item'] }))
    await dropped.end('failed')
    expect(await first.read()).toEqual(HIT)
  })

  it('two copies of the module compute a wrapped value inside a transaction of the other without storing it', async () => {
    const [first, second] = [await copy(), await copy()]
    const scope = first.engine.transaction('late')
    await first.engine.inside(scope, () => second.cache.wrap('key', { ttl: '1h' }, async () => 'uncommitted'))
    await scope.end('failed')
    await settled()
    expect(await second.cache.wrap('key', { ttl: '1h' }, async () => 'committed')).toBe('committed')
  })

  it('two copies of the module do not close the store of the other, and the last one to close empties the store', async () => {
    const [first, second] = [await copy(), await copy()]
    await first.read()
    await first.cache.close()
    expect(await second.read()).toEqual(HIT)
    await second.cache.close()
    expect(await (await copy()).read()).toEqual(LOADED)
  })

  it('two copies of the module invalidate the other even after their own cache was closed', async () => {
    const [first, second] = [await copy(), await copy()]
    await second.read()
    await first.cache.close()
    await first.write()
    expect(await second.read()).toEqual(LOADED)
  })

  it('two copies of the module keep entries of another version, codec or scope separate, but invalidate them as well', async () => {
    const core = await copyOfCore()
    const other = [{ version: '2' }, { codec: core.superjsonCodec() }, { scope: () => 'tenant' }]
    const first = await copy()
    for (const options of other) {
      await first.read()
      const apart = await copy(options)
      expect(await apart.read()).toEqual(LOADED)
      await first.write()
      expect(await apart.read()).toEqual(LOADED)
      expect((await first.read()).fresh).toBe(true)
    }
  })

  it('two copies of the module share entries if their clients are connected to the same database, even without a database name', async () => {
    const [source, elsewhere] = [{}, {}]
    const first = await copy({ source })
    await first.read()
    expect(await (await copy({ source })).read()).toEqual(HIT)
    expect(await (await copy({ source: elsewhere })).read()).toEqual(LOADED)
  })

  it('two copies of the module share a wrapped value only with clients of the same databases', async () => {
    const [source, elsewhere] = [{}, {}]
    const wrap = ({ cache }: Copy, value: string) => cache.wrap('key', { ttl: '1h' }, async () => value)
    expect(await wrap(await copy({ source }), 'a')).toBe('a')
    await settled()
    expect(await wrap(await copy({ source }), 'b')).toBe('a')
    expect(await wrap(await copy({ source: elsewhere }), 'b')).toBe('b')
  })
})

describe('two copies with memory stores of different formats', () => {
  const two = async (): Promise<readonly [Copy, Copy]> => [await copy(), await copy({ format: 'v0' })]

  it('two copies with memory stores of different formats warn once and share nothing', async () => {
    const [first, second] = await two()
    const codes: string[] = []
    for (const { cache } of [first, second]) cache.on('warning', ({ code }) => codes.push(code))
    await new Promise(setImmediate)
    expect(codes).toEqual(['memory-format'])
    await first.read()
    expect(await second.read()).toEqual(LOADED)
  })

  it('two copies with memory stores of different formats invalidate each other before a write returns', async () => {
    const copies = await two()
    for (const [writer, reader] of [copies, [copies[1], copies[0]]] as const) {
      await reader.read()
      expect(await reader.read()).toEqual(HIT)
      await writer.write()
      // Its own store may hear of the write a moment later: what is loaded until then is not kept.
      expect(await reader.read()).toEqual(LOADED)
      await reader.read()
      expect(await reader.read()).toEqual(HIT)
    }
  })

  it('two copies with memory stores of different formats bypass the cache while the other writes', async () => {
    const [first, second] = await two()
    await second.read()
    const scope = first.engine.transaction('early')
    const record = `{${namespace}:main:item}`
    const tags = [{ table: 'item', record, known: [], unknown: new Set<string>(), cells: new Set<string>() }]
    const statement = await scope.adopt(tags)
    statement.succeed(tags)
    expect(await second.read()).toEqual(LOADED)
    await scope.end('failed')
    expect(await second.read()).toEqual(LOADED)
    await second.read()
    expect(await second.read()).toEqual(HIT)
  })

  it('two copies with memory stores of different formats forward explicit invalidations of tables, user tags and everything', async () => {
    const [first, second] = await two()
    for (const request of [{ tables: ['item'] }, { all: true as const }]) {
      await second.read()
      await first.cache.invalidate(request)
      expect(await second.read()).toEqual(LOADED)
    }
    const wrap = (value: string) => second.cache.wrap('key', { ttl: '1h', tags: ['t'] }, async () => value)
    await wrap('before')
    await settled()
    await first.cache.invalidate({ tags: ['t'] })
    expect(await wrap('after')).toBe('after')
  })
})
