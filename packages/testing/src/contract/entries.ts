import { expect, it } from 'vitest'
import { LIFETIME, type Start, table, unique } from './table.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export function entryRules(start: Start, pass: (ms: number) => Promise<void>): void {
  it('an entry is returned as it was stored, with its remaining lifetime', async () => {
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

  it('an expired entry is missing or reports that no lifetime remains', async () => {
    const store = await start()
    const key = unique('e')
    await store.set(key, bytes('one'), 100)
    await pass(150)
    const { entry } = await store.fetch(key, [])
    expect(entry === null || entry.remaining <= 0).toBe(true)
    await store.set(key, bytes('two'), 10_000)
    expect((await store.fetch(key, [])).entry?.remaining).toBeGreaterThan(0)
  })

  it('entry, tags and epoch are returned by one call', async () => {
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

  it('invalidateAll starts an epoch that never existed before', async () => {
    const store = await start()
    const epochs = new Set([(await store.fetch(undefined, [])).epoch])
    for (let time = 0; time < 3; time++) {
      await store.invalidateAll()
      epochs.add((await store.fetch(undefined, [])).epoch)
    }
    expect(epochs.size).toBe(4)
  })
}

export function togetherRules(start: Start): void {
  it('concurrent fetches return the same replies as separate fetches', async () => {
    const store = await start()
    const tables = [table(), table(), table()]
    const fields = ['list', 'a', 'b', 'c', 'missing']
    for (const table of tables) {
      const cells = Array.from({ length: 90 }, (_, value) => table.cell(value))
      await store.seed([table.ask(fields.slice(0, 4), cells)], LIFETIME)
      await store.mark(table.mark('w', { fields: ['list', 'b'], known: fields, cells: [table.cell(1)] }))
    }
    const fetches = Array.from({ length: 60 }, (_, at) => {
      const entry = at % 3 ? unique('e') : undefined
      const requests = tables.slice(at % 2).map((table, place) => {
        const turned = [...fields.slice((at + place) % 5), ...fields.slice(0, (at + place) % 5)]
        const cells = Array.from({ length: at % 30 }, (__, cell) => table.cell(at + 7 * cell))
        return table.ask(turned.slice(0, at % 6), cells)
      })
      return { entry, requests }
    })
    for (const { entry } of fetches) if (entry) await store.set(entry, bytes(entry), 10_000)
    const together = await Promise.all(fetches.map(({ entry, requests }) => store.fetch(entry, requests)))
    for (const [at, { entry, requests }] of fetches.entries()) {
      const alone = await store.fetch(entry, requests)
      expect(together[at]?.tags).toEqual(alone.tags)
      expect(Buffer.from(together[at]?.entry?.bytes ?? []).toString()).toBe(entry ?? '')
      expect(together[at]?.entry?.remaining ?? 1).toBeGreaterThan(0)
    }
  })
}
