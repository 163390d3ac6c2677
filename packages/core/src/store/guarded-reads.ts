import type { Events } from '../report/events.ts'
import type { Breaker } from './breaker.ts'
import type { Deadline } from './deadline.ts'
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

type ReadCall = 'fetch' | 'seed'

/** Reads that have a deadline, never reject, and are not sent while the breaker is open. */
export function guardReads(deps: GuardedReadDeps): {
  readonly [C in ReadCall]: (...args: Parameters<Store[C]>) => Promise<Guarded<Fetched>>
} {
  const { store } = deps
  return {
    fetch: (entry, tags) => send(deps, 'fetch', () => store.fetch(entry, tags)),
    seed: (tags, lifetime) => send(deps, 'seed', () => store.seed(tags, lifetime)),
  }
}

/** One promise, and callbacks instead of awaits: every hit over a server comes this way. */
function send(
  deps: GuardedReadDeps,
  action: ReadCall,
  call: () => Promise<Fetched>,
): Promise<Guarded<Fetched>> {
  return new Promise((resolve) => {
    if (deps.breaker.open) resolve(reportAnswer(deps, action, call, STOPPED))
    else attempt(deps, action, call, (answer) => resolve(reportAnswer(deps, action, call, answer)))
  })
}

/** Calls `done` once. A store in this process needs no timer, because it answers synchronously or throws. */
function attempt(
  { store, reading, events, isClosed }: GuardedReadDeps,
  action: ReadCall,
  call: () => Promise<Fetched>,
  done: (answer: Guarded<Fetched>) => void,
): void {
  const ended = (answer: Guarded<Fetched>): void => {
    if (!answer.ok) events.emit('store-error', { action, error: answer.error })
    done(answer)
  }
  try {
    if (isClosed()) done(CLOSED)
    else if (store.source === 'store') reading.begin(action, call, ended)
    else
      call().then(
        (value) => ended({ ok: true, value }),
        (error: unknown) => ended({ ok: false, error }),
      )
  } catch (error) {
    ended({ ok: false, error })
  }
}

/** Tells the breaker of an answer. A failed read is repeated by its probes. */
function reportAnswer(
  deps: GuardedReadDeps,
  action: ReadCall,
  call: () => Promise<Fetched>,
  answer: Guarded<Fetched>,
): Guarded<Fetched> {
  const { breaker } = deps
  if (answer.ok) {
    breaker.answered()
    deps.answered()
  } else if (!isMoving(answer)) {
    const repeat = (): Promise<boolean> =>
      new Promise((resolve) => {
        attempt(deps, action, call, (probed) => resolve(probed.ok || isMoving(probed)))
      })
    breaker.unanswered(repeat)
  }
  return answer
}
