import { expect, it } from 'vitest'
import { isDirty, nonce, type Start, see, seed, table } from './table.ts'

export function fieldRules(start: Start): void {
  it('a finish gives list and undeclared fields new nonces, and keeps the nonces that it names', async () => {
    const store = await start()
    const { ask, mark, finish } = table()
    const fields = ['list', 'bumped', 'kept', 'untouched', 'stranger']
    const before = await seed(store, ask(fields))
    await store.mark(
      mark('w', { fields: ['list', 'bumped', 'kept'], known: ['bumped', 'kept', 'untouched'] }),
    )
    expect((await see(store, ask(fields))).map(isDirty)).toEqual([true, true, true, false, true])
    await store.finish(finish('w', { keep: ['kept'], untouched: ['untouched'] }))
    const after = await see(store, ask(fields))
    expect(after.map(isDirty)).toEqual([false, false, false, false, false])
    expect(after.map((tag, index) => nonce(tag) === nonce(before[index]))).toEqual([
      false,
      false,
      true,
      true,
      false,
    ])
  })

  it('a field to keep gets a new nonce if it does not have the mark of the write', async () => {
    const store = await start()
    const { ask, mark, finish } = table()
    const [before] = await seed(store, ask(['k']))
    await store.mark(mark('w', { known: ['k'] }))
    await store.finish(finish('w', { keep: ['k'] }))
    expect(nonce((await see(store, ask(['k'])))[0])).not.toBe(nonce(before))
  })

  it("a field unknown to the writer gets a new nonce, even if it does not have the writer's mark", async () => {
    const store = await start()
    const { ask, mark, finish } = table()
    await store.mark(mark('w'))
    await store.finish(finish('w'))
    const [before] = await seed(store, ask(['k']))
    expect(isDirty(before)).toBe(false)
    await store.finish(finish('w'))
    expect(nonce((await see(store, ask(['k'])))[0])).not.toBe(nonce(before))
  })

  it('an untouched field that was created with the mark of this write loses the mark', async () => {
    const store = await start()
    const { ask, mark, finish } = table()
    await store.mark(mark('w', { known: ['k'] }))
    expect((await seed(store, ask(['k']))).map(isDirty)).toEqual([true])
    await store.finish(finish('w', { untouched: ['k'] }))
    expect((await see(store, ask(['k']))).map(isDirty)).toEqual([false])
  })
}

export function cellRules(start: Start): void {
  it('a finished cell without another mark is missing or never has its old nonce again', async () => {
    const store = await start()
    const { ask, cell, mark, finish } = table()
    const [before] = await seed(store, ask([], [cell(1)]))
    await store.mark(mark('w', { cells: [cell(1)] }))
    await store.finish(finish('w', { cells: [cell(1)] }))
    expect(await see(store, ask([], [cell(1)]))).toEqual([null])
    const [after] = await seed(store, ask([], [cell(1)]))
    expect(isDirty(after)).toBe(false)
    expect(nonce(after)).not.toBe(nonce(before))
  })

  it('a finished cell with the mark of another write gets a new nonce and stays dirty', async () => {
    const store = await start()
    const { ask, cell, mark, finish } = table()
    await store.mark(mark('w1', { cells: [cell(1)] }))
    await store.mark(mark('w2', { cells: [cell(1)] }))
    const [before] = await see(store, ask([], [cell(1)]))
    await store.finish(finish('w1', { cells: [cell(1)] }))
    const [after] = await see(store, ask([], [cell(1)]))
    expect(isDirty(after)).toBe(true)
    expect(nonce(after)).not.toBe(nonce(before))
  })

  it('a finish gives a cell that it never marked a new nonce', async () => {
    const store = await start()
    const { ask, cell, finish } = table()
    const [before] = await seed(store, ask([], [cell(1)]))
    await store.finish(finish('w', { cells: [cell(1)] }))
    const [after] = await seed(store, ask([], [cell(1)]))
    expect(nonce(after)).not.toBe(nonce(before))
  })
}

export function orderRules(start: Start): void {
  it('two writers that finish in reverse order leave all tags clean and with new nonces', async () => {
    const store = await start()
    const { ask, cell, mark, finish } = table()
    const all = ask(['list', 'k'], [cell(1)])
    const marked = { fields: ['list', 'k'], known: ['k'], cells: [cell(1)] }
    const before = await seed(store, all)
    await store.mark(mark('w1', marked))
    await store.mark(mark('w2', marked))
    await store.finish(finish('w2', { cells: [cell(1)] }))
    expect((await see(store, all)).map(isDirty)).toEqual([true, true, true])
    const between = await see(store, all)
    await store.finish(finish('w1', { cells: [cell(1)] }))
    const after = await seed(store, all)
    expect(after.map(isDirty)).toEqual([false, false, false])
    for (const [index, tag] of after.entries())
      expect([nonce(before[index]), nonce(between[index])]).not.toContain(nonce(tag))
  })

  it('a finish that is executed twice or without a mark costs a nonce and nothing else', async () => {
    const store = await start()
    const { ask, cell, mark, finish } = table()
    const all = ask(['list', 'k'], [cell(1)])
    await store.finish(finish('w', { cells: [cell(1)] }))
    expect(await see(store, all)).toEqual([null, null, null])
    const before = await seed(store, all)
    await store.mark(mark('other'))
    await store.finish(finish('w', { cells: [cell(1)] }))
    await store.finish(finish('w', { cells: [cell(1)] }))
    const after = await see(store, all)
    expect(after.map(isDirty)).toEqual([true, true, undefined])
    expect(nonce(after[0])).not.toBe(nonce(before[0]))
    await store.finish(finish('other'))
    expect((await see(store, all)).map(isDirty)).toEqual([false, false, undefined])
  })

  it('a mark that is executed after its finish never makes an old nonce clean again', async () => {
    const store = await start()
    const { ask, cell, mark, finish } = table()
    const all = ask(['list', 'k'], [cell(1)])
    const marked = { fields: ['list', 'k'], known: ['k'], cells: [cell(1)] }
    const before = await seed(store, all)
    await store.finish(finish('w', { cells: [cell(1)] }))
    await store.mark(mark('w', marked))
    const late = await see(store, all)
    expect(late.map(isDirty)).toEqual([true, true, true])
    expect(late.map((tag, index) => nonce(tag) === nonce(before[index]))).toEqual([false, false, false])
    await store.finish(finish('w', { cells: [cell(1)] }))
    expect((await seed(store, all)).map(isDirty)).toEqual([false, false, false])
  })
}

export function lateRules(start: Start): void {
  it('a write to one table does not change the tags of another', async () => {
    const store = await start()
    const [a, b] = [table(), table()]
    const before = await seed(store, b.ask(['list', 'k'], [b.cell(1)]))
    await store.mark(a.mark('w', { cells: [a.cell(1)] }))
    await store.finish(a.finish('w', { cells: [a.cell(1)] }))
    expect(await see(store, b.ask(['list', 'k'], [b.cell(1)]))).toEqual(before)
  })
}
