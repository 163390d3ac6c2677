import type { Clock } from '../base/clock.ts'
import { createLoadNode, type LoadNode, noteWait, runLoad, runNested, wouldDeadlock } from './nesting.ts'

/** Loads of one result that a caller waits for, one after the other, before it loads for itself. */
export const MOST_FLIGHTS = 6

/** A load that callers share. */
export interface Flight<T> {
  readonly node: LoadNode
  readonly outcome: Promise<T>
  /** Until when it is waited for, by the clock. */
  until: number
  /** What was begun because this one took too long. */
  next?: Flight<T>
}

/** To be called when the query of a load begins, if that is later than the load: from then on it is waited for so many milliseconds. */
export type OnQueryStart = (patience: number) => void

/** What a caller gets: the result of its own load, or of another caller's; undefined where that one failed. */
export type Shared<T> = { readonly own: T } | { readonly other: T | undefined }

/**
 * @param patience how long it is waited for, in milliseconds.
 * @param publish makes it known: called before `load`, which may ask for its own result at once.
 */
export function beginFlight<T>(
  clock: Clock,
  patience: number,
  load: (started: OnQueryStart) => Promise<T>,
  publish: (flight: Flight<T>) => void = () => {},
): Flight<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const flight: Flight<T> = { node: createLoadNode(), outcome: promise, until: clock.now() + patience }
  publish(flight)
  recordFlight(flight)
  const started: OnQueryStart = (longer) => {
    flight.until = clock.now() + longer
  }
  runLoad(flight.node, () => load(started)).then(resolve, reject)
  return flight
}

/**
 * Waits for a load that another caller has begun. When its time is over, one of those who wait begins another, and the
 * others wait for whichever ends first. After six loads, or where waiting would be a deadlock, a caller loads for itself.
 * @param begin a load of this caller that others may share.
 * @param load one that nobody shares.
 */
export async function share<T>(
  clock: Clock,
  running: Flight<T>,
  begin: () => Flight<T>,
  load: () => Promise<T>,
): Promise<Shared<T>> {
  const late: Promise<T>[] = []
  let flight = running
  while (late.length < MOST_FLIGHTS) {
    if (wouldDeadlock(flight.node)) return { own: await runNested(load) }
    const current = flight
    const shared = await firstOf(flight, late, (over) => whenOver(clock, current, over))
    if (shared) return shared
    late.push(flight.outcome)
    if (!flight.next && late.length < MOST_FLIGHTS) {
      flight.next = begin()
      return { own: await flight.next.outcome }
    }
    flight = flight.next ?? flight
  }
  return { own: await load() }
}

/** Times a caller waits for loads that fail, one after the other, before it loads for itself. */
const MOST_FAILURES = 3

/**
 * Shares again where the load of another caller failed, so that one of those who waited for it loads and not all of them
 * at once. Nobody gets the error of another caller.
 * @param once waits for a load of another caller, or begins one.
 */
export async function shareAgain<T>(once: () => Promise<Shared<T>>): Promise<Shared<T>> {
  for (let failures = 0; failures < MOST_FAILURES; failures++) {
    const shared = await once()
    if ('own' in shared || shared.other !== undefined) return shared
  }
  return { other: undefined }
}

/** Calls `over` when the time of a flight is over, however often it is prolonged until then. */
function whenOver(clock: Clock, flight: Flight<unknown>, over: () => void): () => void {
  const remaining = (): number => Math.max(0, flight.until - clock.now())
  const look = (): void => {
    if (remaining()) cancel = clock.after(remaining(), look, true)
    else over()
  }
  let cancel = clock.after(remaining(), look, true)
  return () => cancel()
}

/** Notes, before the load of `flight` runs, that the running code waits for it. */
export function recordFlight({ node, outcome }: Flight<unknown>): void {
  const ended = noteWait(node)
  outcome.then(ended, ended)
}

/**
 * What a caller gets who waits for a load of another caller. Undefined when the time of `flight` is over. A late load that
 * fails is of no interest: its successor is under way.
 * @param late loads that the caller waited for before, and that may still end.
 * @param onOver calls its argument when the time is over. Returns a function that cancels that.
 */
export function firstOf<T>(
  { node, outcome }: Pick<Flight<T>, 'node' | 'outcome'>,
  late: readonly Promise<T>[],
  onOver: (over: () => void) => () => void,
): Promise<Shared<T> | undefined> {
  return new Promise((resolve) => {
    const ended = noteWait(node)
    const done = (shared: Shared<T> | undefined): void => {
      cancel()
      ended()
      resolve(shared)
    }
    const cancel = onOver(() => done(undefined))
    outcome.then(
      (other) => done({ other }),
      () => done({ other: undefined }),
    )
    for (const earlier of late)
      earlier.then(
        (other) => done({ other }),
        () => {},
      )
  })
}
