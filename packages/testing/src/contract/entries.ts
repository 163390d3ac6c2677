import { expect, it } from 'vitest'
import { LIFETIME, type Start, table, unique } from './table.ts'

export function entryRules(start: Start, pass: (ms: number) => Promise<void>): void {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

  it('an entry comes back as it was stored, with the lifetime left', async () => {
    const store = await start()
    const key = unique('e')
    expect((await store.fetch(key, [])).entry).toBeNull()
    await store.set(key, bytes('one'), 10_000)
    const { entry } = await store.fetch(key, [])
    expect(entry && Buffer.from(entry.bytes).toString()).toBe('one')
    expect(entry?.remaining).toBeGreaterThan(8_000)
    expect(entry?.remaining).toBeLessThanOrEqual(10_000)
  })

  it('storing again replaces the entry and its lifetime', async () => {
    const store = await start()
    const key = unique('e')
    await store.set(key, bytes('one'), 1_000_000)
    await store.set(key, bytes('two'), 10_000)
    const { entry } = await store.fetch(key, [])
    expect(entry && Buffer.from(entry.bytes).toString()).toBe('two')
    expect(entry?.remaining).toBeLessThanOrEqual(10_000)
  })

  it('an entry past its lifetime is gone, or says that it has none left', async () => {
    const store = await start()
    const key = unique('e')
    await store.set(key, bytes('one'), 100)
    await pass(150)
    const { entry } = await store.fetch(key, [])
    expect(entry === null || entry.remaining <= 0).toBe(true)
    await store.set(key, bytes('two'), 10_000)
    expect((await store.fetch(key, [])).entry?.remaining).toBeGreaterThan(0)
  })

  it('entry, tags and epoch come in one answer', async () => {
    const store = await start()
    const { ask } = table()
    const key = unique('e')
    await store.set(key, bytes('one'), 10_000)
    const seeded = await store.seed([ask(['list'])], LIFETIME)
    const fetched = await store.fetch(key, [ask(['list'])])
    expect(fetched.epoch).toBe(seeded.epoch)
    expect(fetched.tags).toEqual(seeded.tags)
    expect(fetched.entry).not.toBeNull()
  })

  it('invalidateAll begins an epoch that never was', async () => {
    const store = await start()
    const epochs = new Set([(await store.fetch(undefined, [])).epoch])
    for (let time = 0; time < 3; time++) {
      await store.invalidateAll()
      epochs.add((await store.fetch(undefined, [])).epoch)
    }
    expect(epochs.size).toBe(4)
  })
}
