import { expect, it } from 'vitest'
import { isDirty, nonce, type Start, see, seed, table } from './table.ts'

export function birthRules(start: Start): void {
  it('a new field gets the live marks of list and loses each when its write finishes', async () => {
    const store = await start()
    const { ask, mark, finish } = table()
    await store.mark(mark('w1'))
    await store.mark(mark('w2', { known: ['k'] }))
    expect((await seed(store, ask(['list', 'k']))).map(isDirty)).toEqual([true, true])
    await store.finish(finish('w1'))
    expect((await see(store, ask(['k']))).map(isDirty)).toEqual([true])
    await store.finish(finish('w2', { untouched: ['k'] }))
    expect((await see(store, ask(['list', 'k']))).map(isDirty)).toEqual([false, false])
  })

  it('a field marked by one write is created with the marks of the others', async () => {
    const store = await start()
    const { ask, mark, finish } = table()
    await store.mark(mark('w1'))
    await store.mark(mark('w2', { fields: ['list', 'k'], known: ['k'] }))
    await store.finish(finish('w2', { keep: ['k'] }))
    expect((await see(store, ask(['k']))).map(isDirty)).toEqual([true])
    await store.finish(finish('w1'))
    // A store may drop tags that nobody seeded once they are clean.
    expect((await see(store, ask(['k']))).map(isDirty)).not.toContain(true)
  })

  it('a mark applies to every existing field that the writer has not declared, and to no declared one', async () => {
    const store = await start()
    const { ask, mark } = table()
    await seed(store, ask(['list', 'known', 'stranger']))
    await store.mark(mark('w', { known: ['known'] }))
    expect((await see(store, ask(['list', 'known', 'stranger']))).map(isDirty)).toEqual([true, false, true])
  })
}

export function markingRules(start: Start): void {
  it('marking creates the fields and cells it names as dirty', async () => {
    const store = await start()
    const { ask, cell, mark } = table()
    await store.mark(mark('w', { fields: ['list', 'k'], known: ['k'], cells: [cell(1)] }))
    expect((await see(store, ask(['list', 'k'], [cell(1)]))).map(isDirty)).toEqual([true, true, true])
  })

  it('a mark that is set twice is removed once', async () => {
    const store = await start()
    const { ask, cell, mark, finish } = table()
    const request = mark('w', { fields: ['list', 'k'], known: ['k'], cells: [cell(1)] })
    await store.mark(request)
    await store.mark(request)
    await store.renew(request)
    await store.finish(finish('w', { keep: ['k'], cells: [cell(1)] }))
    expect((await seed(store, ask(['list', 'k'], [cell(1)]))).map(isDirty)).toEqual([false, false, false])
  })

  it('a renewal restores a mark that was lost', async () => {
    const store = await start()
    const { ask, cell, mark, finish } = table()
    const request = mark('w', { fields: ['list', 'k'], known: ['k'], cells: [cell(1)] })
    await store.mark(request)
    // A finish by the same token stands for the loss.
    await store.finish(finish('w', { cells: [cell(1)] }))
    await store.renew(request)
    expect((await see(store, ask(['list', 'k'], [cell(1)]))).map(isDirty)).toEqual([true, true, true])
    await store.finish(finish('w', { cells: [cell(1)] }))
  })

  it('a mark does not change nonces', async () => {
    const store = await start()
    const { ask, cell, mark } = table()
    const before = await seed(store, ask(['list', 'k'], [cell(1)]))
    await store.mark(mark('w', { fields: ['list', 'k'], known: ['k'], cells: [cell(1)] }))
    expect((await see(store, ask(['list', 'k'], [cell(1)]))).map(nonce)).toEqual(before.map(nonce))
  })
}
