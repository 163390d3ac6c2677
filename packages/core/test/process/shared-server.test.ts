import { type FaultyStore, faultyStore, repeatWhenBusy } from '@larder/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type Copy, type Core, copyOf, copyOfCore, newDatabase } from './module-copy.ts'

repeatWhenBusy()

const open: Copy[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ cache }) => cache.close()))
})

/** Two copies of the module over one server, each with a connection that may fail. */
async function two(mode: 'off' | 'validate') {
  const database = newDatabase()
  const inner = (await copyOfCore()).memoryStore({ isolated: true })
  const over = (core: Core): { copy: Copy; store: FaultyStore } => {
    const store = faultyStore(inner)
    const copy = copyOf(core, database, { store: { ...store, sharedAs: 'server' }, memory: { mode } })
    open.push(copy)
    return { copy, store }
  }
  return [over(await copyOfCore()), over(await copyOfCore())] as const
}

describe.each(['off', 'validate'] as const)('two copies of the module over one server, memory %s', (mode) => {
  it('bypass the cache for rows that the other could not invalidate, until it has done so', async () => {
    const [first, second] = await two(mode)
    await second.copy.read()
    expect((await second.copy.read()).source).not.toBe('database')
    first.store.fail('rejects', 'mark', 'finish')
    await first.copy.write()
    expect(await second.copy.read()).toEqual({ fresh: true, source: 'database' })
    first.store.fail('works')
    await expect.poll(async () => (await second.copy.read()).source).not.toBe('database')
    expect((await second.copy.read()).fresh).toBe(true)
  })

  it('serve nothing that the other has invalidated by { all: true }', async () => {
    const [first, second] = await two(mode)
    await second.copy.read()
    await first.copy.cache.invalidate({ all: true })
    expect((await second.copy.read()).source).toBe('database')
  })
})
