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
export type GuardedReads = {
  readonly [C in ReadCall]: (...args: Parameters<Store[C]>) => Promise<Guarded<Fetched>>
} & {
  /** `fetch` with a callback, which is called once and must not throw. Every hit over a server comes this way: no promise. */
  readonly fetchWith: (...args: [...Parameters<Store['fetch']>, done: OnAnswer]) => void
}

type OnAnswer = (answer: Guarded<Fetched>) => void

export function guardReads(deps: GuardedReadDeps): GuardedReads {
  const { store } = deps
  const fetchWith: GuardedReads['fetchWith'] = (entry, tags, done) =>
    send(deps, 'fetch', () => store.fetch(entry, tags), done)
  return {
    fetchWith,
    fetch: (entry, tags) => new Promise((resolve) => fetchWith(entry, tags, resolve)),
    seed: (tags, lifetime) =>
      new Promise((resolve) => send(deps, 'seed', () => store.seed(tags, lifetime), resolve)),
  }
}

function send(deps: GuardedReadDeps, action: ReadCall, call: () => Promise<Fetched>, done: OnAnswer): void {
  if (deps.breaker.open) done(reportAnswer(deps, action, call, STOPPED))
  else attempt(deps, action, call, (answer) => done(reportAnswer(deps, action, call, answer)))
}

/** Calls `done` once. A store in this process needs no timer, because it answers synchronously or throws. */
function attempt(
  { store, reading, events, isClosed }: GuardedReadDeps,
  action: ReadCall,
  call: () => Promise<Fetched>,
  done: OnAnswer,
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
