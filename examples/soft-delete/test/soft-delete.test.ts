import { describe, expect, it, vi } from 'vitest'
import { type Order, orders } from '../src/clients.ts'
import { runStory } from '../src/story.ts'

describe.each(Object.keys(orders) as Order[])('%s', (order) => {
  it('each list equals the database, and the second read of it is a hit', async () => {
    // The first write past the cache is reported, and nobody listens.
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const [all, lessOne, lessTwo] = [
      ['Bread', 'Butter', 'Jam', 'Tea'],
      ['Bread', 'Jam', 'Tea'],
      ['Bread', 'Tea'],
    ]
    expect((await runStory(order)).map(({ titles, source }) => [source, titles])).toEqual([
      ['database', all],
      ['memory', all],
      ['database', lessOne],
      ['memory', lessOne],
      ['database', lessTwo],
      ['memory', lessTwo],
      ['database', all],
    ])
  })
})
