import type { Clock } from '../base/clock.ts'
import { CacheError } from '../base/errors.ts'

/** A timer that fires this much late, in milliseconds, tells of a process that was busy with something else. */
const OVERSLEPT = 10
/** What a call gets then, for it may not even have been sent. */
const GRACE = 100
/** And again, while this process is busy with other answers, until it has waited this long: they come in order. */
const LONGEST = 3_000
/** The same where its timers are in time and only its work never ends: another server may be what does not answer. */
const LONGEST_IN_TIME = 1_000
/** Timers may fire so much early. */
const EARLY = 1

/** A sample serves every call of so many milliseconds. */
const SAMPLE = 5
/** Share of the time in which a process that is busy has something to do. */
const BUSY = 0.9

/** How long calls may take. All that are under way share one timer. */
export interface Deadline {
  /**
   * Settles as `call` does, or rejects when its time is over. Answers that are here already count, however late this
   * process comes to read them: a blocked event loop is no sign of a slow store.
   */
  within<T>(what: string, call: () => Promise<T>): Promise<T>
}

/** One call of a row, the one that waits longest first. Not in a Set: its tables keep each other from being collected. */
interface Waiting {
  readonly due: number
  /** When it began. */
  readonly since: Sample
  readonly late: () => void
  waits: boolean
  settled: boolean
  before: Waiting | undefined
  after: Waiting | undefined
  /** Of its second timer. */
  cancel: (() => void) | undefined
}

/** @param deadline in milliseconds. */
export function createDeadline(clock: Clock, deadline: number): Deadline {
  const row = createRow()
  const workload = createWorkload(clock)
  let timer: (() => void) | undefined
  let judging = false
  let answers = 0

  const arm = (): void => {
    const first = row.first()
    timer = first && clock.after(Math.max(0, first.due - clock.now()), fired)
  }
  const fired = (): void => {
    timer = undefined
    judging = true
    afterPendingIo(judge)
  }
  const judge = (): void => {
    judging = false
    const now = clock.now()
    for (let one = row.first(); one && one.due - now <= EARLY; one = row.first()) {
      const { late } = one
      row.remove(one)
      // Answers may also wait behind others, each of which took this process a short while.
      if (now - one.due >= OVERSLEPT || workload.busySince(one.since)) grant(one)
      else late()
    }
    arm()
  }
  const grant = (one: Waiting): void => {
    const granted = clock.now()
    const [end, before, since] = [granted + GRACE, answers, workload.sample(granted)]
    const ended = (): void => {
      const now = clock.now()
      const late = now - end >= OVERSLEPT
      const busy = (late || workload.busySince(since)) && answers !== before
      if (busy && !one.settled && now - one.due < (late ? LONGEST : LONGEST_IN_TIME)) grant(one)
      else one.late()
    }
    one.cancel = clock.after(GRACE, () => afterPendingIo(ended))
  }
  const over = (one: Waiting): void => {
    answers++
    one.settled = true
    one.cancel?.()
    if (!one.waits) return
    row.remove(one)
    if (row.first() || !timer) return
    timer()
    timer = undefined
  }
  return {
    within: (what, call) =>
      new Promise((resolve, reject) => {
        const late = (): void =>
          reject(new CacheError('LARDER_STORE', `store ${what} took longer than ${deadline} ms`))
        const now = clock.now()
        const since = workload.sample(now)
        const answer = call()
        const one = row.add(now + deadline, since, late)
        if (!timer && !judging) arm()
        answer.then(
          (value) => {
            over(one)
            resolve(value)
          },
          (error: unknown) => {
            over(one)
            reject(error)
          },
        )
      }),
  }
}

interface Row {
  first(): Waiting | undefined
  add(due: number, since: Sample, late: () => void): Waiting
  /** Leaves no link to its neighbours: what has grown old would keep all later ones from being collected. */
  remove(one: Waiting): void
}

function createRow(): Row {
  let first: Waiting | undefined
  let last: Waiting | undefined
  return {
    first: () => first,
    add(due, since, late) {
      const one: Waiting = {
        due,
        since,
        late,
        waits: true,
        settled: false,
        before: last,
        after: undefined,
        cancel: undefined,
      }
      if (last) last.after = one
      else first = one
      last = one
      return one
    },
    remove(one) {
      const { before, after } = one
      if (before) before.after = after
      else first = after
      if (after) after.before = before
      else last = before
      one.waits = false
      one.before = undefined
      one.after = undefined
    },
  }
}

/** Timers run before sockets are read: a turn of the loop reads them, a second one runs what they set off. */
export function afterPendingIo(then: () => void): void {
  setImmediate(() => setImmediate(then))
}

/** How much this process had worked at some instant. */
interface Sample {
  readonly at: number
  readonly worked: number
}

/** Tells whether this process, and nobody else, is what calls wait for. */
interface Workload {
  /** @param now by the clock. */
  sample(now: number): Sample
  /** True if its event loop has had something to do nearly all the time since then. */
  busySince(sample: Sample): boolean
}

/** Where the clock cannot tell, the process counts as idle. */
function createWorkload(clock: Clock): Workload {
  const worked = (): number => clock.worked?.() ?? 0
  let latest: Sample = { at: Number.NEGATIVE_INFINITY, worked: 0 }
  return {
    sample(now) {
      if (now - latest.at >= SAMPLE) latest = { at: now, worked: worked() }
      return latest
    },
    busySince: (since) => worked() - since.worked > BUSY * (clock.now() - since.at),
  }
}
