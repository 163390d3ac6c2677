import { fakeClock } from '@larder/testing'
import { expect, it } from 'vitest'
import { RecordedNonces } from '../../src/entry/recorded-nonces.ts'
import { createKeptEntries } from '../../src/tier/kept-entries.ts'

const KEY = { key: 'larder:e:1', proof: 'proof' }

function entry(remaining = 1_000, sameRead = true, grace = 0) {
  const state = {
    remaining,
    belongsToRead: sameRead,
    epoch: 'e',
    nonces: new RecordedNonces([['{r}/list', 'a']]),
  }
  const payload = Buffer.from('payload')
  return { state, resultCells: [], payload, lifetime: 1_000, age: 1_000 - remaining, loadTime: 5, grace }
}

function keeping() {
  const clock = fakeClock()
  return { clock, entries: createKeptEntries(clock, { maxEntries: 10, maxBytes: 1e6 }) }
}

it('the remaining lifetime counts from the fetch, not from the reply', async () => {
  const { clock, entries } = keeping()
  const sentAt = clock.now()
  await clock.advance(100)
  entries.put(KEY, entry(500), sentAt)
  expect(entries.get(KEY, clock.now())).toMatchObject({
    state: { remaining: 400, belongsToRead: true },
    lifetime: 1_000,
    age: 600,
  })
  await clock.advance(399)
  expect(entries.get(KEY, clock.now())).toMatchObject({ age: 999 })
  await clock.advance(1)
  expect(entries.get(KEY, clock.now())).toBeUndefined()
})

it('an entry of another query under the same name is not returned', () => {
  const { clock, entries } = keeping()
  entries.put(KEY, entry(), clock.now())
  expect(entries.get({ ...KEY, proof: 'other' }, clock.now())).toBeUndefined()
  expect(entries.get(KEY, clock.now())).toBeDefined()
})

it('foreign and expired entries are not kept', () => {
  const { clock, entries } = keeping()
  entries.put(KEY, entry(1_000, false), clock.now())
  expect(entries.get(KEY, clock.now())).toBeUndefined()
  entries.put(KEY, entry(0), clock.now())
  expect(entries.get(KEY, clock.now())).toBeUndefined()
})

it('an entry with a grace is returned until the grace is over', async () => {
  const { clock, entries } = keeping()
  entries.put(KEY, entry(-100, true, 100), clock.now())
  expect(entries.get(KEY, clock.now())).toBeUndefined()
  entries.put(KEY, entry(10, true, 100), clock.now())
  await clock.advance(109)
  expect(entries.get(KEY, clock.now())).toMatchObject({ state: { remaining: -99 }, age: 1_099, loadTime: 5 })
  await clock.advance(1)
  expect(entries.get(KEY, clock.now())).toBeUndefined()
})

it('kept bytes are copied, so that the network buffer may be reused', () => {
  const { clock, entries } = keeping()
  const original = entry()
  entries.put(KEY, original, clock.now())
  original.payload.fill(0)
  expect(String(entries.get(KEY, clock.now())?.payload)).toBe('payload')
})

it('one notification is ignored for each change made by this process', async () => {
  const { clock, entries } = keeping()
  entries.put(KEY, entry(10_000), clock.now())
  const stored = [entries.storing(KEY.key), entries.storing(KEY.key)]
  entries.changed(KEY.key)
  expect(entries.get(KEY, clock.now())).toBeDefined()
  for (const done of stored) done()
  entries.changed(KEY.key)
  expect(entries.get(KEY, clock.now())).toBeDefined()
  entries.changed(KEY.key)
  expect(entries.get(KEY, clock.now())).toBeUndefined()
})
