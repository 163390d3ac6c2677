import type { Store } from '@larder/core/store'
import { expect, it } from 'vitest'
import { type Start, see, seed, table } from './table.ts'

export function boundRules(start: Start, small: (tags: number) => Store | Promise<Store>): void {
  it('clean tags may be evicted under pressure, and marks never are', async () => {
    const store = await start(() => small(100))
    const { ask, cell, mark } = table()
    const marked = Array.from({ length: 500 }, (_, index) => cell(`dirty-${index}`))
    await store.mark(mark('w', { fields: ['list', 'k'], known: ['k'], cells: marked }))
    for (let from = 0; from < 10_000; from += 500) {
      const other = table()
      await seed(
        store,
        other.ask(
          ['list'],
          Array.from({ length: 500 }, (_, index) => other.cell(from + index)),
        ),
      )
    }
    const states = await see(store, ask(['list', 'k'], marked))
    expect(states.filter((tag) => tag?.dirty)).toHaveLength(502)
  })
}
