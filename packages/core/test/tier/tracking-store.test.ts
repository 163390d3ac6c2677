import { memoryStore } from '@larder/core'
import type { Fetched, Store } from '@larder/core/store'
import { deferred, fakeClock } from '@larder/testing'
import { expect, it } from 'vitest'
import { createKeptEntries } from '../../src/tier/kept-entries.ts'
import { createKeptTags } from '../../src/tier/kept-tags.ts'
import { createTrackingStore } from '../../src/tier/tracking-store.ts'

const REQUEST = { record: '{r}', fields: ['k'], cells: ['{r}:1'] }
const MARK = { record: '{r}', token: 't', fields: ['list'], known: ['k'], cells: ['{r}:1'], lifetime: 1 }
const FINISH = { record: '{r}', token: 't', untouched: [], keep: ['k'], cells: ['{r}:1'] }

/** A store whose changes do nothing until they are let go, or fail. */
function slow() {
  const answer = deferred()
  const wait = async (): Promise<undefined> => void (await answer.promise)
  const answered: Fetched = {
    epoch: 'e',
    entry: null,
    tags: [
      {
        fields: [{ nonce: 'a', dirty: false }],
        cells: [{ nonce: 'b', dirty: false }],
        lease: { holds: () => true },
      },
    ],
  }
  const store: Store = {
    ...memoryStore(),
    source: 'store',
    fetch: async () => answered,
    mark: wait,
    renew: wait,
    finish: wait,
    invalidateAll: wait,
  }
  const tags = createKeptTags(10)
  const clock = fakeClock()
  const following = createTrackingStore(
    store,
    tags,
    createKeptEntries(clock, { maxEntries: 10, maxBytes: 1e6 }),
  )
  const keptNonces = () =>
    tags
      .lookUp([REQUEST])
      .tags.flatMap(({ fields, cells }) => [...fields, ...cells])
      .filter(Boolean)
  return { following, answer, keptNonces }
}

it.each([
  ['mark', (store: Store) => store.mark(MARK)],
  ['renew', (store: Store) => store.renew(MARK)],
  ['finish', (store: Store) => store.finish(FINISH)],
  ['invalidateAll', (store: Store) => store.invalidateAll()],
])('%s drops kept tags before it is sent, and again when it was answered or failed', async (_, change) => {
  for (const fails of [false, true]) {
    const { following, answer, keptNonces } = slow()
    await following.fetch(undefined, [REQUEST])
    expect(keptNonces()).toHaveLength(2)
    const changing = change(following)
    expect(keptNonces()).toEqual([])
    await following.fetch(undefined, [REQUEST])
    expect(keptNonces()).toHaveLength(2)
    if (fails) answer.reject(new Error('lost'))
    else answer.resolve()
    await changing.catch(() => {})
    expect(keptNonces()).toEqual([])
  }
})

it('the reply to a fetch that was sent before a change was acknowledged is not kept', async () => {
  const { following, answer, keptNonces } = slow()
  const fetching = following.fetch(undefined, [REQUEST])
  const changing = following.finish(FINISH)
  answer.resolve()
  await changing
  await fetching
  expect(keptNonces()).toEqual([])
})
