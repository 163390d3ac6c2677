import type { Events } from '../report/events.ts'
import type { TagRequest } from '../tags/tag.ts'
import type { Breaker } from './breaker.ts'
import { type Deadline, TimedCall } from './deadline.ts'
import { CLOSED, type Guarded, isMoving, STOPPED } from './guarded.ts'
import type { Fetched, Store } from './store.ts'

/** What guarding reads needs. */
interface GuardedReadDeps {
  readonly store: Store
  readonly reading: Deadline
  readonly breaker: Breaker
  readonly events: Events
  isClosed(): boolean
  /** The store has answered a read. */
  answered(): void
}

/** Who waits for the answer to a read. */
export interface Receiver {
  /** Is called once, and must not throw. */
  answered(answer: Guarded<Fetched>): void
}

/** Reads that have a deadline, never reject, and are not sent while the breaker is open. */
export interface GuardedReads {
  fetch(...args: Parameters<Store['fetch']>): Promise<Guarded<Fetched>>
  seed(...args: Parameters<Store['seed']>): Promise<Guarded<Fetched>>
  /** `fetch` without a promise. Every hit over a server comes this way. */
  fetchFor(receiver: Receiver, ...args: Parameters<Store['fetch']>): void
}

export function guardReads(deps: GuardedReadDeps): GuardedReads {
  const fetchFor: GuardedReads['fetchFor'] = (receiver, entry, tags) =>
    new GuardedRead(deps, entry, tags, undefined, receiver).begin()
  return {
    fetchFor,
    fetch: (entry, tags) =>
      new Promise((resolve) => {
        fetchFor({ answered: resolve }, entry, tags)
      }),
    seed: (tags, lifetime) =>
      new Promise((resolve) => {
        new GuardedRead(deps, undefined, tags, lifetime, { answered: resolve }).begin()
      }),
  }
}

/** One read. A class, and no closures: every hit over a server makes one. */
class GuardedRead extends TimedCall<Fetched> {
  private readonly deps: GuardedReadDeps
  private readonly entry: string | undefined
  private readonly tags: readonly TagRequest[]
  /** Of what is seeded, in milliseconds. Undefined: nothing is. */
  private readonly lifetime: number | undefined
  private readonly receiver: Receiver
  private readonly isProbe: boolean

  constructor(
    deps: GuardedReadDeps,
    entry: string | undefined,
    tags: readonly TagRequest[],
    lifetime: number | undefined,
    receiver: Receiver,
    isProbe = false,
  ) {
    super()
    this.deps = deps
    this.entry = entry
    this.tags = tags
    this.lifetime = lifetime
    this.receiver = receiver
    this.isProbe = isProbe
  }

  get action(): 'seed' | 'fetch' {
    return this.lifetime === undefined ? 'fetch' : 'seed'
  }

  begin(): void {
    if (this.deps.breaker.open && !this.isProbe) this.end(STOPPED)
    else this.attempt()
  }

  /** A store in this process needs no timer, because it answers synchronously or throws. */
  private attempt(): void {
    const { store, reading, isClosed } = this.deps
    try {
      if (isClosed()) this.end(CLOSED)
      else if (store.source === 'store') reading.begin(this)
      else
        this.send().then(
          (value) => this.done({ ok: true, value }),
          (error: unknown) => this.done({ ok: false, error }),
        )
    } catch (error) {
      this.done({ ok: false, error })
    }
  }

  send(): Promise<Fetched> {
    const { store } = this.deps
    const { entry, tags, lifetime } = this
    return lifetime === undefined ? store.fetch(entry, tags) : store.seed(tags, lifetime)
  }

  done(answer: Guarded<Fetched>): void {
    if (!answer.ok) this.deps.events.emit('store-error', { action: this.action, error: answer.error })
    this.end(answer)
  }

  private end(answer: Guarded<Fetched>): void {
    if (!this.isProbe) this.report(answer)
    this.receiver.answered(answer)
  }

  /** Tells the breaker of an answer. A failed read is repeated by its probes. */
  private report(answer: Guarded<Fetched>): void {
    const { breaker, answered } = this.deps
    if (answer.ok) {
      breaker.answered()
      answered()
    } else if (!isMoving(answer)) {
      const { deps, entry, tags, lifetime } = this
      breaker.unanswered(
        () =>
          new Promise((resolve) => {
            const receiver: Receiver = { answered: (probed) => resolve(probed.ok || isMoving(probed)) }
            new GuardedRead(deps, entry, tags, lifetime, receiver, true).begin()
          }),
      )
    }
  }
}
