import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { GuardedStore } from '../store/guard.ts'
import type { LeaseEnd, LeaseRequest } from '../store/load-leases.ts'
import { createMail, type Mail } from './lease-mail.ts'

/**
 * How long a lease lasts without renewal, in milliseconds. It is renewed at a third. Longer than an event loop should be
 * blocked, and what a holder that dies costs those who wait.
 */
const LIFETIME = 2_000
/** Longest wait until messages about a lease arrive, in milliseconds. */
const UNTIL_HEARD = 500
/** How much later than a lease should have expired those who wait look again, in milliseconds. */
const SLACK = 20

/** A lease that this process holds. */
export interface HeldLease {
  /** Ends it. Call it once the entry has been sent. Never rejects. */
  release(end: LeaseEnd): void
}

/**
 * What comes of asking for a lease. `'stored'`: another process has stored the entry, so look it up. `'alone'`: load without
 * a lease.
 */
export type LeaseTurn = { readonly lease: HeldLease } | 'stored' | 'alone'

/** One load, as all processes name it. */
export type LeasedLoad = Pick<LeaseRequest, 'entry' | 'load'>

/** The leases of a store, for loads that processes share. */
export interface Leases {
  /**
   * Takes the lease if it is free. Does not wait. Undefined: another process loads, or has just stored the entry, or the
   * store does not answer.
   * @param patience milliseconds after which it is no longer renewed.
   */
  tryAcquire(load: LeasedLoad, patience: number): Promise<HeldLease | undefined>
  /**
   * Takes the lease, or waits until the process that holds it has stored the entry. A holder that dies is noticed within
   * two seconds.
   * @param until by the clock: then the answer is `'alone'`.
   */
  acquire(load: LeasedLoad, patience: number, until: number): Promise<LeaseTurn>
  /** The same for a caller who was told `'stored'` and has not found the entry. */
  acquireAgain(load: LeasedLoad, patience: number, until: number): Promise<LeaseTurn>
}

/** @returns undefined where the store has no leases. */
export function createLeases(store: Pick<GuardedStore, 'leases'>, clock: Clock): Leases | undefined {
  const { leases } = store
  if (!leases) return undefined

  const requestOf = (load: LeasedLoad): LeaseRequest => ({
    ...load,
    token: randomBytes(12).toString('base64url'),
    lifetime: LIFETIME,
  })
  const hold = (request: LeaseRequest, patience: number): HeldLease => {
    const end = clock.now() + patience
    let released = false
    const renewLater = (): (() => void) =>
      clock.after(LIFETIME / 3, async () => {
        if (clock.now() >= end) return
        const renewed = await leases.renew(request)
        // A renewal that was not answered may have been executed.
        if (!released && (!renewed.ok || renewed.value)) cancel = renewLater()
      })
    let cancel = renewLater()
    return {
      release(how) {
        if (released) return
        released = true
        cancel()
        void leases.release(request, how)
      },
    }
  }
  /** Asks again whenever the lease has ended, by a message or by its time. */
  const askUntil = async (request: LeaseRequest, always: boolean, until: number, mail: Mail) => {
    for (;;) {
      const joined = await leases.join(request, always)
      if (!joined.ok) return 'alone'
      const state = joined.value
      if (state.kind !== 'held') return state.kind
      const remaining = until - clock.now()
      const end = remaining > 0 && (await mail.next(Math.min(remaining, state.remaining + SLACK)))
      if (end === 'stored') return 'stored'
      if (end === 'unstored' || clock.now() >= until) return 'alone'
    }
  }
  const wait = async (
    request: LeaseRequest,
    patience: number,
    until: number,
    always: boolean,
  ): Promise<LeaseTurn> => {
    const mail = createMail(clock)
    const messages = leases.subscribe(request, mail.put)
    try {
      await within(clock, Math.min(UNTIL_HEARD, until - clock.now()), messages.ready)
      const turn = await askUntil(request, always, until, mail)
      return turn === 'acquired' ? { lease: hold(request, patience) } : turn
    } finally {
      messages.stop()
    }
  }
  return {
    async tryAcquire(load, patience) {
      const request = requestOf(load)
      const taken = await leases.acquire(request)
      return taken.ok && taken.value.kind === 'acquired' ? hold(request, patience) : undefined
    },
    async acquire(load, patience, until) {
      const request = requestOf(load)
      const taken = await leases.acquire(request)
      if (!taken.ok) return 'alone'
      const { kind } = taken.value
      if (kind === 'acquired') return { lease: hold(request, patience) }
      if (kind === 'stored') return 'stored'
      return clock.now() < until ? wait(request, patience, until, false) : 'alone'
    },
    acquireAgain: (load, patience, until) => wait(requestOf(load), patience, until, true),
  }
}

/** Waits for `work` to settle, at most so many milliseconds. */
function within(clock: Clock, milliseconds: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      resolve()
    }
    const cancel = clock.after(Math.max(0, milliseconds), done, true)
    work.then(done, done)
  })
}
