import { type LeaseEnd, type LeaseRequest, type LoadLeases, STORED_FOR, type Store } from '@larder/core/store'
import { expect, it } from 'vitest'
import { type ContractExtent, type Start, unique } from './table.ts'

const LIFETIME = 10_000
/** Longest that a message may take, in milliseconds, and how long one is waited for that must not come. */
const MOST = 5_000
const QUIET = 150

/** The leases of a store, two processes that ask for the same one, and a third that asks for another load of the entry. */
async function leaseRequests(start: Start): Promise<{
  readonly store: Store
  readonly leases: LoadLeases
  readonly first: LeaseRequest
  readonly second: LeaseRequest
  readonly otherLoad: LeaseRequest
}> {
  const store = await start()
  const { leases } = store
  if (!leases) throw new Error('the store has no leases')
  const entry = unique('e')
  const request = (load: string, token: string, lifetime = LIFETIME): LeaseRequest => ({
    entry,
    load,
    token,
    lifetime,
  })
  return {
    store,
    leases,
    first: request('one', 'first'),
    second: request('one', 'second'),
    otherLoad: request('two', 'other'),
  }
}

/** What a store does that can lease loads to one process at a time. */
export function leaseRules(start: Start, pass: (ms: number) => Promise<void>, extent: ContractExtent): void {
  holdingRules(start, pass)
  endingRules(start)
  if (extent === 'full') forgettingRules(start, pass)
  messageRules(start)
}

function holdingRules(start: Start, pass: (ms: number) => Promise<void>): void {
  it('a lease has one holder, and another load of the same entry has a lease of its own', async () => {
    const { leases, first, second, otherLoad } = await leaseRequests(start)
    expect(await leases.acquire(first)).toEqual({ kind: 'acquired' })
    expect((await leases.acquire(second)).kind).toBe('held')
    expect((await leases.join(second, false)).kind).toBe('held')
    expect((await leases.join(second, true)).kind).toBe('held')
    expect(await leases.acquire(otherLoad)).toEqual({ kind: 'acquired' })
  })

  it('join returns the remaining lifetime of the lease', async () => {
    const { leases, first, second } = await leaseRequests(start)
    await leases.acquire(first)
    const joined = await leases.join(second, false)
    expect(joined).toMatchObject({ kind: 'held' })
    const { remaining } = joined as { readonly remaining: number }
    expect(remaining).toBeGreaterThan(LIFETIME - MOST)
    expect(remaining).toBeLessThanOrEqual(LIFETIME)
  })

  it('a lease that is not renewed is free when it expires', async () => {
    const { leases, first, second } = await leaseRequests(start)
    await leases.acquire({ ...first, lifetime: 100 })
    await pass(150)
    expect(await leases.renew(first)).toBe(false)
    expect(await leases.join(second, false)).toEqual({ kind: 'acquired' })
  })

  it('a renewed lease lasts, even while another process waits for it', async () => {
    const { leases, first, second } = await leaseRequests(start)
    await leases.acquire({ ...first, lifetime: 400 })
    expect((await leases.join(second, false)).kind).toBe('held')
    expect(await leases.renew(first)).toBe(true)
    await pass(500)
    expect((await leases.acquire(second)).kind).toBe('held')
    expect(await leases.renew(second)).toBe(false)
  })
}

function forgettingRules(start: Start, pass: (ms: number) => Promise<void>): void {
  it('a lease reports for three seconds that its entry was stored', async () => {
    const { leases, first, second } = await leaseRequests(start)
    await leases.acquire(first)
    await leases.release(first, 'stored')
    await pass(STORED_FOR + 100)
    expect(await leases.acquire(second)).toEqual({ kind: 'acquired' })
  })
}

function endingRules(start: Start): void {
  it('after a load stored its entry, other processes receive `stored`, and may take the lease if the entry is missing', async () => {
    const { leases, first, second } = await leaseRequests(start)
    await leases.acquire(first)
    await leases.release(first, 'stored')
    expect(await leases.acquire(second)).toEqual({ kind: 'stored' })
    expect(await leases.join(second, false)).toEqual({ kind: 'stored' })
    expect(await leases.join(second, true)).toEqual({ kind: 'acquired' })
    expect((await leases.acquire(first)).kind).toBe('held')
  })

  it.each(['unstored', 'failed'] as const)('after a load that ended as %s the lease is free', async (end) => {
    const { leases, first, second } = await leaseRequests(start)
    await leases.acquire(first)
    await leases.join(second, false)
    await leases.release(first, end)
    expect(await leases.acquire(second)).toEqual({ kind: 'acquired' })
  })

  it('a process cannot release the lease of another', async () => {
    const { leases, first, second } = await leaseRequests(start)
    await leases.acquire(first)
    await leases.join(second, false)
    await leases.release(second, 'stored')
    expect(await leases.renew(first)).toBe(true)
    expect((await leases.acquire(second)).kind).toBe('held')
  })

  it('the entry can be fetched as soon as a lease reports it as stored', async () => {
    const { store, leases, first, second } = await leaseRequests(start)
    await leases.acquire(first)
    const stored = store.set(first.entry, new TextEncoder().encode('one'), LIFETIME)
    const released = leases.release(first, 'stored')
    while ((await leases.acquire(second)).kind !== 'stored') await new Promise(setImmediate)
    expect((await store.fetch(first.entry, [])).entry).not.toBeNull()
    await Promise.all([stored, released])
  })
}

function messageRules(start: Start): void {
  it.each(['stored', 'unstored', 'failed'] as const)(
    'waiting processes are notified that the load ended as %s, and those of other leases are not',
    async (end) => {
      const { leases, first, second, otherLoad } = await leaseRequests(start)
      await leases.acquire(first)
      await leases.acquire(otherLoad)
      const ends: LeaseEnd[] = []
      const woken = Promise.withResolvers<void>()
      const messages = leases.subscribe(second, (how) => {
        ends.push(how)
        woken.resolve()
      })
      const others: LeaseEnd[] = []
      const elsewhere = leases.subscribe(otherLoad, (how) => others.push(how))
      await Promise.all([messages.ready, elsewhere.ready])
      await leases.join(second, false)
      await leases.release(first, end)
      await Promise.race([woken.promise, new Promise((resolve) => setTimeout(resolve, MOST))])
      expect([ends, others]).toEqual([[end], []])
      messages.stop()
      elsewhere.stop()
    },
  )

  it('a subscriber that has stopped gets no more messages, and others of the same lease do', async () => {
    const { leases, first, second } = await leaseRequests(start)
    await leases.acquire(first)
    const ends: string[] = []
    const woken = Promise.withResolvers<void>()
    const stopped = leases.subscribe(second, (how) => ends.push(`stopped ${how}`))
    const messages = leases.subscribe(second, (how) => {
      ends.push(how)
      woken.resolve()
    })
    await Promise.all([stopped.ready, messages.ready])
    stopped.stop()
    await leases.join(second, false)
    await leases.release(first, 'failed')
    await Promise.race([woken.promise, new Promise((resolve) => setTimeout(resolve, MOST))])
    await new Promise((resolve) => setTimeout(resolve, QUIET))
    expect(ends).toEqual(['failed'])
    messages.stop()
  })
}
