import { contributeHit } from '../capture/capture-read.ts'
import { digest } from '../keys/digest.ts'
import type { ReadPlan } from '../plan/plan.ts'
import type { MissReason } from '../report/events.ts'
import type { HeldLease, Leases, LeaseTurn } from '../sharing/leases.ts'
import { inSlot, type LoadSlots } from '../sharing/load-slots.ts'
import type { OnQueryStart } from '../sharing/share.ts'
import type { LookUpResult } from '../tier/look-up.ts'
import { accepts, beforeLoad, type CachedRead, type StateBeforeLoad } from './decide.ts'
import { flightName, type LoadDeps, type LoadResult, load } from './load.ts'
import { reportRead } from './report-read.ts'
import { rescue } from './rescue.ts'

/** What loads that processes share need, wired by the composition root. */
export interface ClusterLoadDeps extends LoadDeps {
  /** Undefined: the store has none, and no policy asks for them. */
  readonly leases: Leases | undefined
  readonly slots: LoadSlots
  /** The client sends its statements in the order of the calls: a read that waits delays those after it. */
  readonly inOrder: boolean
}

/** The load of a read, as all processes name it: whoever saw other nonces neither waits for it nor is waited for. */
export function leasedLoad(
  cachedRead: CachedRead<ReadPlan<unknown>>,
  before: StateBeforeLoad,
): { entry: string; load: string } {
  return { entry: cachedRead.key.key, load: digest(flightName(cachedRead, before)).name }
}

/**
 * Loads once for all processes, in a slot. The slot comes first: a process that waited for one with a lease in its hand
 * could wait for a process that waits for that lease.
 */
export async function loadOnce<T>(
  deps: ClusterLoadDeps,
  leases: Leases,
  cachedRead: CachedRead<ReadPlan<T>>,
  reason: MissReason,
  setting: LeasedSetting,
): Promise<LoadResult> {
  let begun = false
  const work = (): Promise<LoadResult> => {
    begun = true
    return loadLeased(deps, leases, cachedRead, reason, setting)
  }
  try {
    return await inSlot(deps, cachedRead, work)
  } catch (error) {
    if (begun) throw error
    const rescued = rescue(deps, cachedRead, setting.lookedUp, error)
    if (rescued) return { result: rescued.value, payload: undefined }
    reportRead(deps, cachedRead, reason)
    throw error
  }
}

/**
 * Loads once for all processes: the one that holds the lease runs the query, and the others wait for its entry. What they
 * find is checked like any entry. They load for themselves if tags have changed, if the entry may not be stored, if they
 * have waited for the `joinTimeout`, or if the store does not answer.
 */
async function loadLeased<T>(
  deps: ClusterLoadDeps,
  leases: Leases,
  cachedRead: CachedRead<ReadPlan<T>>,
  reason: MissReason,
  { before, lookedUp, started }: LeasedSetting,
): Promise<LoadResult> {
  const { joinTimeout, maxConcurrentLoads } = cachedRead.policy
  // The time in the queue does not count.
  const until = (maxConcurrentLoads === undefined ? cachedRead.started : deps.clock.now()) + joinTimeout
  const wanted = leasedLoad(cachedRead, before)
  let turn: LeaseTurn = await leases.acquire(wanted, joinTimeout, until)
  let current = { before, lookedUp }
  while (turn === 'stored') {
    const now = await deps.lookUp.fetchStored(cachedRead)
    const shared = now && sharedResult(deps, cachedRead, reason, now)
    if (shared) return shared
    const moved = !now || movedSince(deps, cachedRead, before, now)
    if (moved && now) current = { before: beforeLoad(cachedRead, now, undefined) ?? before, lookedUp: now }
    turn = moved ? 'alone' : await leases.acquireAgain(wanted, joinTimeout, until)
  }
  started(joinTimeout)
  if (turn === 'alone') return load(deps, cachedRead, reason, current.before, current.lookedUp)
  return loadHolding(deps, turn.lease, cachedRead, reason, current)
}

/** What was seen before a load that processes share. */
interface LeasedSetting {
  readonly before: StateBeforeLoad
  readonly lookedUp: LookUpResult | undefined
  /** Called when this process begins to run the query. */
  readonly started: OnQueryStart
}

async function loadHolding<T>(
  deps: ClusterLoadDeps,
  held: HeldLease,
  cachedRead: CachedRead<ReadPlan<T>>,
  reason: MissReason,
  { before, lookedUp }: Pick<LeasedSetting, 'before' | 'lookedUp'>,
): Promise<LoadResult> {
  try {
    return await load(deps, cachedRead, reason, before, lookedUp, held.release)
  } catch (error) {
    held.release('failed')
    throw error
  }
}

/**
 * The same for a background refresh, which waits for nobody.
 * @returns undefined where another process loads, or has just loaded.
 */
export async function loadIfFree<T>(
  deps: ClusterLoadDeps,
  leases: Leases,
  cachedRead: CachedRead<ReadPlan<T>>,
  reason: MissReason,
  before: StateBeforeLoad,
): Promise<LoadResult | undefined> {
  return inSlot(deps, cachedRead, async () => {
    const lease = await leases.tryAcquire(leasedLoad(cachedRead, before), cachedRead.policy.joinTimeout)
    return lease && loadHolding(deps, lease, cachedRead, reason, { before, lookedUp: undefined })
  })
}

/** The result of another process, if its entry is fresh. */
function sharedResult<T>(
  deps: ClusterLoadDeps,
  cachedRead: CachedRead<ReadPlan<T>>,
  reason: MissReason,
  lookedUp: LookUpResult,
): LoadResult | undefined {
  const { fresh, entry } = lookedUp
  if (fresh.kind !== 'hit' || !entry || deps.pendingWrites.mustBypass(cachedRead.tags)) return undefined
  const decoded = deps.entries.decode(entry, cachedRead)
  if (!decoded || !accepts(cachedRead.plan, decoded.value)) return undefined
  if (cachedRead.capture) contributeHit(deps, cachedRead.capture, lookedUp)
  reportRead(deps, cachedRead, reason, { shared: true })
  return { result: decoded.value, payload: entry.payload, hit: lookedUp }
}

/** Whether a write has changed a tag, or is about to: nobody else loads for readers who saw the old nonces. */
function movedSince(
  deps: ClusterLoadDeps,
  cachedRead: CachedRead<ReadPlan<unknown>>,
  { epoch, observedTags }: StateBeforeLoad,
  lookedUp: LookUpResult,
): boolean {
  if (deps.pendingWrites.mustBypass(cachedRead.tags) || lookedUp.epoch !== epoch) return true
  const now = lookedUp.observedTags
  return observedTags.some((tag, at) => now[at]?.dirty || now[at]?.nonce !== tag.nonce)
}
