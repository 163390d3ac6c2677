import { setImmediate } from 'node:timers'
import type { Clock } from '../base/clock.ts'
import { CacheError } from '../base/errors.ts'
import type { Guarded } from './guarded.ts'

/** A timer that fires this much too late (ms) shows that this process was busy with something else. */
const OVERSLEPT = 10
/** Extra time (ms) for a call in a busy process, because it may not even have been sent. */
const GRACE = 100
/** Extra time is granted again while this process works off other answers, until the call has waited this long (ms). */
const LONGEST = 3_000
/** The same if timers are in time and the process only has much to do: another server may be the one that does not answer. */
const LONGEST_IN_TIME = 1_000
/** Timers may fire this much too early (ms). */
const EARLY = 1
/** A timer this late (ms) counts as lost: one that was set while a test faked timers never fires after the test. */
const LOST = 1_000

/** Calls that begin within this time (ms) share one sample. */
const SAMPLE = 5
/** A process that works for more than this share of the time counts as busy. */
const BUSY = 0.9
/** The same for frequent calls while answers arrive: what waits for its own then waits behind them, and not for the store. */
const BUSY_WITH_ANSWERS = 0.5

/** Limits the time of calls. All open calls share one timer. */
export interface Deadline {
  /**
   * Settles as `call` does, or rejects when its time is over. An answer that has arrived counts, however late this process
   * reads it: a blocked event loop does not count as a store timeout.
   */
  within<T>(action: string, call: () => Promise<T>): Promise<T>
  /** The same for a call that has a callback instead of a promise, which is a tenth of the time of a hit. */
  begin(call: TimedCall<unknown>): void
}

/**
 * A call with a deadline. A class, because every hit over a server makes one. While it is open, it is in a list with the oldest
 * first. The list is no Set, whose old tables would keep each other from being collected.
 */
export abstract class TimedCall<T> {
  abstract readonly action: string
  /** What follows belongs to the deadline. */
  dueAt = 0
  /** The workload when the call began. */
  since: Sample = NEVER
  /** The number of answers that had arrived when the call began. */
  answersBefore = 0
  waits = false
  settled = false
  before: TimedCall<unknown> | undefined = undefined
  after: TimedCall<unknown> | undefined = undefined
  /** Cancels the timer of its extra time. */
  cancel: (() => void) | undefined = undefined

  /** Sends the call, for the deadline. */
  start(dueAt: number, since: Sample, answersBefore: number): Promise<T> {
    this.dueAt = dueAt
    this.since = since
    this.answersBefore = answersBefore
    return this.send()
  }

  abstract send(): Promise<T>
  /** Is called once. */
  abstract done(answer: Guarded<T>): void
}

/** A call of two functions. */
export class FunctionCall<T> extends TimedCall<T> {
  readonly action: string
  readonly send: () => Promise<T>
  readonly done: (answer: Guarded<T>) => void

  constructor(action: string, send: () => Promise<T>, done: (answer: Guarded<T>) => void) {
    super()
    this.action = action
    this.send = send
    this.done = done
  }
}

/**
 * How often a call follows another one.
 * - `rare`: the timer ends with the last call.
 * - `repeated`: the timer of an answered call is left to fire without a call, because the next call would set it again. A timer
 *   costs a hit more than all else here.
 * - `frequent`: the same, and a process that is busy with answers waits longer for the next one.
 */
export type Frequency = 'rare' | 'repeated' | 'frequent'

/** @param deadline in milliseconds. */
export function createDeadline(clock: Clock, deadline: number, frequency: Frequency = 'rare'): Deadline {
  const calls = createCallList()
  const workload = createWorkload(clock)
  let timer: (() => void) | undefined
  let [checking, answers, firesAt] = [false, 0, 0]

  const arm = (now: number): void => {
    // A call that ended has called its caller, who may have begun another one.
    if (timer && now - firesAt < LOST) return
    timer?.()
    const first = calls.first()
    firesAt = first ? Math.max(now, first.dueAt) : 0
    timer = first && clock.after(firesAt - now, fired)
  }
  const fired = (): void => {
    timer = undefined
    checking = true
    afterPendingIo(checkCalls)
  }
  const checkCalls = (): void => {
    checking = false
    const now = clock.now()
    for (let open = calls.first(); open && open.dueAt - now <= EARLY; open = calls.first()) {
      calls.remove(open)
      if (now - open.dueAt >= OVERSLEPT || isBusy(open.since, open.answersBefore)) grant(open)
      else expire(open, deadline)
    }
    arm(clock.now())
  }
  /** An answer may also wait behind others, each of which takes this process a short while. */
  const isBusy = (since: Sample, before: number): boolean =>
    workload.busySince(since, frequency === 'frequent' && answers !== before ? BUSY_WITH_ANSWERS : BUSY)
  const grant = (open: TimedCall<unknown>): void => {
    const granted = clock.now()
    const [until, before, since] = [granted + GRACE, answers, workload.sample(granted)]
    const ended = (): void => {
      const now = clock.now()
      const overslept = now - until >= OVERSLEPT
      const busy = (overslept || isBusy(since, before)) && answers !== before
      if (busy && !open.settled && now - open.dueAt < (overslept ? LONGEST : LONGEST_IN_TIME)) grant(open)
      else expire(open, deadline)
    }
    open.cancel = clock.after(GRACE, () => afterPendingIo(ended))
  }
  /** @returns whether the answer counts: it is not late. */
  const end = (open: TimedCall<unknown>, answered: boolean): boolean => {
    answers++
    if (open.settled) return false
    open.settled = true
    open.cancel?.()
    if (open.waits) {
      calls.remove(open)
      if (timer && !(answered && frequency !== 'rare') && !calls.first()) {
        timer()
        timer = undefined
      }
    }
    return true
  }
  const begin: Deadline['begin'] = (call) => {
    const now = clock.now()
    const answer = call.start(now + deadline, workload.sample(now), answers)
    calls.add(call)
    if (!checking) arm(now)
    answer.then(
      (value) => {
        if (end(call, true)) call.done({ ok: true, value })
      },
      (error: unknown) => {
        if (end(call, false)) call.done({ ok: false, error })
      },
    )
  }
  return {
    begin,
    within: (action, send) => asPromise((done) => begin(new FunctionCall(action, send, done))),
  }
}

function asPromise<T>(start: (done: (answer: Guarded<T>) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((answer) => (answer.ok ? resolve(answer.value) : reject(answer.error)))
  })
}

/** Ends a call whose time is over. */
function expire(open: TimedCall<unknown>, deadline: number): void {
  if (open.settled) return
  open.settled = true
  const error = new CacheError('LARDER_STORE', `store ${open.action} took longer than ${deadline} ms`)
  open.done({ ok: false, error })
}

interface CallList {
  first(): TimedCall<unknown> | undefined
  add(call: TimedCall<unknown>): void
  /** Removes the links to its neighbours as well, because an old call would keep all later ones from being collected. */
  remove(open: TimedCall<unknown>): void
}

function createCallList(): CallList {
  let first: TimedCall<unknown> | undefined
  let last: TimedCall<unknown> | undefined
  return {
    first: () => first,
    add(open) {
      open.waits = true
      open.before = last
      if (last) last.after = open
      else first = open
      last = open
    },
    remove(open) {
      const { before, after } = open
      if (before) before.after = after
      else first = after
      if (after) after.before = before
      else last = before
      open.waits = false
      open.before = undefined
      open.after = undefined
    },
  }
}

/** Timers run before sockets are read. One turn of the event loop reads the sockets, and a second one runs their callbacks. */
export function afterPendingIo(then: () => void): void {
  setImmediate(() => setImmediate(then))
}

/** How long this process had worked until some instant, in milliseconds. */
interface Sample {
  readonly at: number
  readonly worked: number
}

const NEVER: Sample = { at: Number.NEGATIVE_INFINITY, worked: 0 }

/** Determines whether calls wait for this process and not for the store. */
interface Workload {
  /** @param now by the clock. */
  sample(now: number): Sample
  /** True if the event loop was busy for more than this share of the time since then. */
  busySince(sample: Sample, share: number): boolean
}

/** If the clock does not measure work, the process counts as idle. */
function createWorkload(clock: Clock): Workload {
  const worked = (): number => clock.worked?.() ?? 0
  let latest = NEVER
  return {
    sample(now) {
      if (now - latest.at >= SAMPLE) latest = { at: now, worked: worked() }
      return latest
    },
    busySince: (since, share) => worked() - since.worked > share * (clock.now() - since.at),
  }
}
