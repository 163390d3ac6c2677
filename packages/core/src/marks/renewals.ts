import type { Clock } from '../base/clock.ts'
import type { GuardedStore } from '../store/guard.ts'
import type { MarkRequest } from '../store/store.ts'
import type { TagReportRequest } from '../tags/tag.ts'
import { isUserTag, markedFields, type WriteTag } from '../tags/write-tags.ts'

/** Lifetime of a mark in milliseconds. */
const LIFETIME = 30_000
/** How often marks are renewed, in milliseconds. */
const PERIOD = LIFETIME / 3
/** Timers may fire this much too early (ms). */
const EARLY = 1
/** A timer this late (ms) counts as lost: one that was set while a test faked timers never fires after the test. */
const LOST = 1_000

/** The request that puts the mark of a write on a tag. Sent again, it renews the mark. */
export function markOf(tag: WriteTag, token: string, reportOn?: TagReportRequest): MarkRequest {
  const request: MarkRequest = {
    record: tag.record,
    token,
    fields: isUserTag(tag) ? [] : markedFields(tag),
    known: tag.known,
    cells: [...tag.cells],
    lifetime: LIFETIME,
  }
  return reportOn ? { ...request, reportOn } : request
}

/** The marks of one write. */
export interface RenewableMarks {
  /** Sends them again. */
  renew(): void
}

/**
 * Renews marks at a third of their lifetime, until they are removed. All writes of a cache share one timer, because one for
 * each of them would cost more than its mark.
 */
export interface Renewals {
  add(marks: RenewableMarks): void
  remove(marks: RenewableMarks): void
}

/** Marks in this process have no deadline and cannot be lost. */
const NONE: Renewals = { add() {}, remove() {} }

export function createRenewals({ source }: Pick<GuardedStore, 'source'>, clock: Clock): Renewals {
  if (source === 'memory') return NONE
  /** When marks are due, the earliest first. */
  const due = new Map<RenewableMarks, number>()
  let timer: { readonly firesAt: number; cancel(): void } | undefined

  const arm = (now: number): void => {
    timer?.cancel()
    const [first] = due.values()
    if (first === undefined) {
      timer = undefined
      return
    }
    const firesAt = Math.max(now, first)
    timer = { firesAt, cancel: clock.after(firesAt - now, fired) }
  }
  const fired = (): void => {
    const now = clock.now()
    for (const [marks, at] of due) {
      if (at - now > EARLY) break
      due.delete(marks)
      due.set(marks, now + PERIOD)
      marks.renew()
    }
    arm(now)
  }
  return {
    add(marks) {
      const now = clock.now()
      due.set(marks, now + PERIOD)
      if (!timer || now - timer.firesAt > LOST) arm(now)
    },
    // The timer is left to fire, because the next write would set it again.
    remove: (marks) => void due.delete(marks),
  }
}
