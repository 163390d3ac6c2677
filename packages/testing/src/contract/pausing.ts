import type { FleetPause, Store } from '@larder/core/store'
import { expect, it } from 'vitest'
import { type Start, unique } from './table.ts'

/** Longest that another store may take to notice a pause, in milliseconds, and how often it is looked at. */
const NOTICED = 2_000
const STEP = 20

/** A store that a cache has opened, and what the cache was told of pauses. */
async function opened(start: Start, namespace: string): Promise<{ store: Store; notifications: string[] }> {
  const store = await start()
  const reasons: string[] = []
  const paused = (pause: FleetPause | undefined): void => void reasons.push(pause ? pause.reason : 'resumed')
  store.open?.({ namespace, follow: false, warn() {}, ready() {}, changed() {}, paused })
  // A store that is told of its namespace may have to ask for it.
  await store.fetch(undefined, [])
  return { store, notifications: reasons }
}

async function noticed(notifications: readonly string[], expected: readonly string[]): Promise<void> {
  const began = performance.now()
  while (notifications.length < expected.length && performance.now() - began < NOTICED)
    await new Promise((resolve) => setTimeout(resolve, STEP))
  expect(notifications).toEqual(expected)
}

/** What a store does that can pause every cache of a namespace. */
export function pauseRules(start: Start, pauses: 'shared' | 'alone'): void {
  const namespace = (): string => unique('p').replace('contract:', '').slice(0, 32)

  it('a cache is notified of a pause and of its end before each is acknowledged', async () => {
    const { store, notifications } = await opened(start, namespace())
    expect(notifications).toEqual([])
    await store.pause?.('a reason: {"ünïcode"}\n')
    expect(notifications).toEqual(['a reason: {"ünïcode"}\n'])
    await store.resume?.()
    expect(notifications).toEqual(['a reason: {"ünïcode"}\n', 'resumed'])
  })

  it('a pause needs no reason', async () => {
    const { store, notifications } = await opened(start, namespace())
    await store.pause?.('')
    expect(notifications).toEqual([''])
    await store.resume?.()
    expect(notifications).toEqual(['', 'resumed'])
  })

  it('a second pause replaces the reason, and one resume ends both', async () => {
    const { store, notifications } = await opened(start, namespace())
    await store.pause?.('first')
    await store.pause?.('second')
    await store.resume?.()
    expect(notifications).toEqual(['first', 'second', 'resumed'])
  })

  it('resuming without a pause does nothing', async () => {
    const { store, notifications } = await opened(start, namespace())
    await store.resume?.()
    await store.resume?.()
    expect(notifications).toEqual([])
  })

  it('tags and entries work as usual during a pause', async () => {
    const { store } = await opened(start, namespace())
    await store.pause?.('why')
    const record = `{${unique('t')}}`
    await store.mark({ record, token: 'w', fields: ['list'], known: [], cells: [], lifetime: 30_000 })
    const ask = { record, fields: ['list'], cells: [] }
    expect((await store.fetch(undefined, [ask])).tags[0]?.fields[0]?.dirty).toBe(true)
    await store.finish({ record, token: 'w', untouched: [], keep: [], cells: [] })
    // A store may drop tags that nobody seeded once they are clean.
    expect((await store.fetch(undefined, [ask])).tags[0]?.fields[0]?.dirty).not.toBe(true)
  })

  if (pauses !== 'shared') return

  it('another store of the namespace notices a pause and its end within two seconds', async () => {
    const name = namespace()
    const [first, second] = [await opened(start, name), await opened(start, name)]
    await first.store.pause?.('why')
    await noticed(second.notifications, ['why'])
    await second.store.resume?.()
    await noticed(first.notifications, ['why', 'resumed'])
  })

  it('a store that is opened during a pause learns of it with its first reply', async () => {
    const name = namespace()
    const store = await opened(start, name)
    await store.store.pause?.('why')
    expect((await opened(start, name)).notifications).toEqual(['why'])
    await store.store.resume?.()
    expect((await opened(start, name)).notifications).toEqual([])
  })

  it('a pause does not affect another namespace', async () => {
    const [first, second] = [await opened(start, namespace()), await opened(start, namespace())]
    await first.store.pause?.('why')
    expect((await opened(start, namespace())).notifications).toEqual([])
    expect(second.notifications).toEqual([])
    await first.store.resume?.()
  })
}
