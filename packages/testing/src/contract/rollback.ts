import { expect, it } from 'vitest'
import { isDirty, LIFETIME, nonce, type Start, see, seed, table } from './table.ts'

const UNCHANGED = { lifetime: LIFETIME }
/** Lifetime of a mark that is not renewed, in milliseconds. */
const SHORT = 300

/** What a finish leaves as it was if its write has changed nothing. */
export function unchangedRules(start: Start, pass: (ms: number) => Promise<void>): void {
  it('a finish of a write that changed nothing leaves every tag as it was before the mark', async () => {
    const store = await start()
    const { ask, cell, mark, finish } = table()
    // More cells than a store may touch in one call.
    const cells = Array.from({ length: 250 }, (_, at) => cell(at))
    const all = ask(['list', 'k'], cells)
    const before = await seed(store, all)
    await store.mark(mark('w', { fields: ['list', 'k'], cells }))
    expect((await see(store, all)).every(isDirty)).toBe(true)
    await store.finish(finish('w', { keep: ['list', 'k'], cells, unchanged: UNCHANGED }))
    expect(await see(store, all)).toEqual(before)
  })

  it('a user tag keeps its nonce when the write that marked it changed nothing', async () => {
    const store = await start()
    const { record, ask, mark, finish } = table()
    const before = await seed(store, ask([], [record]))
    await store.mark(mark('w', { fields: [], cells: [record] }))
    await store.finish(finish('w', { keep: ['list'], cells: [record], unchanged: UNCHANGED }))
    expect(await see(store, ask([], [record]))).toEqual(before)
  })

  it('a cell that another write has also marked keeps its nonce and stays dirty', async () => {
    const store = await start()
    const { ask, cell, mark, finish } = table()
    const cells = [cell(1)]
    const [before] = await seed(store, ask([], cells))
    await store.mark(mark('w', { cells }))
    await store.mark(mark('other', { cells }))
    await store.finish(finish('w', { cells, unchanged: UNCHANGED }))
    expect(await see(store, ask([], cells))).toEqual([{ nonce: nonce(before), dirty: true }])
    await store.finish(finish('other', { cells }))
    expect(nonce((await seed(store, ask([], cells)))[0])).not.toBe(nonce(before))
  })

  it('tags left unchanged by a write that changed nothing outlive its mark', async () => {
    const store = await start()
    const { ask, cell, mark, finish } = table()
    const all = ask(['list', 'k'], [cell(1)])
    const before = await seed(store, all)
    await store.mark(mark('w', { fields: ['list', 'k'], cells: [cell(1)], lifetime: SHORT }))
    await store.finish(finish('w', { keep: ['list', 'k'], cells: [cell(1)], unchanged: UNCHANGED }))
    await pass(2 * SHORT)
    expect(await see(store, all)).toEqual(before)
  })
}

/** What it bumps all the same. */
export function lostMarkRules(start: Start): void {
  it('a cell without the mark of the write gets a new nonce, even if the write changed nothing', async () => {
    const store = await start()
    const { ask, cell, finish } = table()
    const [before] = await seed(store, ask([], [cell(1)]))
    await store.finish(finish('w', { cells: [cell(1)], unchanged: UNCHANGED }))
    const [after] = await seed(store, ask([], [cell(1)]))
    expect(isDirty(after)).toBe(false)
    expect(nonce(after)).not.toBe(nonce(before))
  })

  it('a cell that only another write has marked gets a new nonce and stays dirty', async () => {
    const store = await start()
    const { ask, cell, mark, finish } = table()
    await store.mark(mark('other', { cells: [cell(1)] }))
    const [before] = await see(store, ask([], [cell(1)]))
    await store.finish(finish('w', { cells: [cell(1)], unchanged: UNCHANGED }))
    const [after] = await see(store, ask([], [cell(1)]))
    expect(isDirty(after)).toBe(true)
    expect(nonce(after)).not.toBe(nonce(before))
  })

  it('a repeated finish of a write that changed nothing gives its cells new nonces', async () => {
    const store = await start()
    const { ask, cell, mark, finish } = table()
    const cells = [cell(1)]
    const [before] = await seed(store, ask([], cells))
    await store.mark(mark('w', { cells }))
    for (let time = 0; time < 2; time++) await store.finish(finish('w', { cells, unchanged: UNCHANGED }))
    expect(nonce((await seed(store, ask([], cells)))[0])).not.toBe(nonce(before))
  })
}
