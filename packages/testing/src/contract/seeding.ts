import type { TagRequest } from '@larder/core/store'
import { expect, it } from 'vitest'
import { isDirty, nonce, type Start, see, seed, table } from './table.ts'

/** What seeding does. `many`: how many nonces are compared. */
export function seedingRules(start: Start, many: number): void {
  it('a tag that was never seeded is missing, and fetching does not create it', async () => {
    const store = await start()
    const { ask, cell } = table()
    expect(await see(store, ask(['list', 'k'], [cell(1)]))).toEqual([null, null, null])
    expect(await see(store, ask(['list', 'k'], [cell(1)]))).toEqual([null, null, null])
  })

  it('seeding creates missing tags as clean and keeps existing ones', async () => {
    const store = await start()
    const { ask, cell } = table()
    const [list] = await seed(store, ask(['list']))
    const all = await seed(store, ask(['list', 'k'], [cell(1)]))
    expect(all.map(isDirty)).toEqual([false, false, false])
    expect(nonce(all[0])).toBe(nonce(list))
    expect(new Set(all.map(nonce)).size).toBe(3)
    expect(await see(store, ask(['list', 'k'], [cell(1)]))).toEqual(all)
  })

  it('a cell without a record (a user tag) is seeded, marked and invalidated like any other', async () => {
    const store = await start()
    const { record, mark, finish } = table()
    const tag: TagRequest = { record, fields: [], cells: [record] }
    const [first] = await seed(store, tag)
    expect(isDirty(first)).toBe(false)
    await store.mark(mark('w', { fields: [], cells: [record] }))
    expect((await see(store, tag)).map(isDirty)).toEqual([true])
    await store.finish(finish('w', { cells: [record] }))
    const [after] = await seed(store, tag)
    expect(isDirty(after)).toBe(false)
    expect(nonce(after)).not.toBe(nonce(first))
  })

  it('requests and replies keep the order of the tables', async () => {
    const store = await start()
    const [a, b] = [table(), table()]
    await seed(store, a.ask(['list']), b.ask(['list'], [b.cell(1)]))
    const states = await see(store, b.ask(['k', 'list'], [b.cell(2), b.cell(1)]), a.ask(['list', 'k']))
    expect(states.map((state) => state !== null)).toEqual([false, true, false, true, true, false])
  })

  it('nonces never repeat', async () => {
    const store = await start()
    const { ask, cell } = table()
    const nonces = new Set<string>()
    const batch = 1_000
    for (let from = 0; from < many; from += batch) {
      const cells = Array.from({ length: batch }, (_, index) => cell(from + index))
      for (const tag of await seed(store, ask([], cells))) if (tag) nonces.add(tag.nonce)
    }
    expect(nonces.size).toBe(many)
  })
}
