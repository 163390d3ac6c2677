import type { Clock } from '../base/clock.ts'
import { namesOf } from '../entry/observed-tags.ts'
import type { ReadPlan } from '../plan/plan.ts'
import type { BypassReason, MissReason } from '../report/events.ts'
import type { Report } from '../report/report.ts'
import type { EntryRequest } from '../tier/look-up.ts'

/** What reporting reads needs. */
export interface ReportDeps {
  readonly clock: Clock
  readonly report: Report
}

/** A read that has ended, as far as it came. */
type Ended = Pick<EntryRequest, 'started'> &
  Partial<EntryRequest> & { readonly plan: Pick<ReadPlan<unknown>, 'operation' | 'model' | 'as' | 'query'> }

interface ReadOutcome extends Partial<Pick<EntryRequest, 'tags'>> {
  readonly shared?: boolean
  readonly age?: number
  readonly ttl?: number
  readonly source?: 'memory' | 'store' | 'stale'
}

/** Reports the end of a read, exactly once. `reason`: why it went to the database; undefined for a hit. */
export function reportRead(
  deps: ReportDeps,
  endedRead: Ended,
  reason: MissReason | BypassReason | undefined,
  more: ReadOutcome = {},
): void {
  const { plan, key, started } = endedRead
  const { source = 'database', tags = endedRead.tags } = more
  const { report } = deps
  const { neverHits } = report
  if (key && (source !== 'database' || more.shared)) {
    if (neverHits.watching) neverHits.used(key.key)
  } else if (key && reason === 'miss' && more.ttl !== undefined && !report.isWarming())
    neverHits.stored(key.key, plan)
  const emit = report.read(plan.model, source, reason)
  emit?.({
    operation: plan.operation,
    model: plan.model,
    source,
    ...(reason && { reason }),
    ...(more.shared && { shared: true }),
    ...(key && { key: key.key }),
    tags: tags ? namesOf(tags) : [],
    ...(more.age !== undefined && { age: more.age }),
    ...(more.ttl !== undefined && { ttl: more.ttl }),
    duration: deps.clock.now() - started,
  })
}
