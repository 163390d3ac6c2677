import { contributeHit, contributeShared, refuseBypass, runUncached } from '../capture/capture-read.ts'
import { hasMissing } from '../entry/observed-tags.ts'
import type { ReadPlan } from '../plan/plan.ts'
import type { Policy } from '../plan/policy.ts'
import type { BypassReason, MissReason } from '../report/events.ts'
import type { GenerationFlight } from '../sharing/generation-flight.ts'
import { limitLoads } from '../sharing/load-slots.ts'
import { type OnQueryStart, type Shared, shareAgain } from '../sharing/share.ts'
import type { SingleFlight } from '../sharing/single-flight.ts'
import type { LookUpResult } from '../tier/look-up.ts'
import { type ClusterLoadDeps, loadOnce } from './cluster-load.ts'
import {
  accepts,
  beforeLoad,
  type CachedRead,
  decide,
  depend,
  type EntryRead,
  identify,
  type KeyedRead,
  type StartedRead,
  type StateBeforeLoad,
} from './decide.ts'
import { flightName, type LoadResult, load } from './load.ts'
import { keepHit, keepRan, tryRecent } from './recent.ts'
import { refresh, renew } from './refresh.ts'
import { reportRead } from './report-read.ts'
import { rescue, serveDuringOutage } from './rescue.ts'

/** What reads of one host need, wired by the composition root. */
export interface ReadDeps extends ClusterLoadDeps {
  readonly flights: SingleFlight<LoadResult>
  readonly generations: GenerationFlight<LoadResult>
}

type Read<T> = EntryRead<ReadPlan<T>>

/** Callers wait this much longer for the one that waits for a lease, in milliseconds: else all would give up together. */
const LEASE_SLACK = 250

/** The read pipeline: bypass? → key and tags → look up → hit, or load once and store. */
export function read<T>(deps: ReadDeps, plan: ReadPlan<T>): Promise<T> {
  try {
    const keyed = identify(deps, plan)
    if (keyed.bypass) return bypass(deps, keyed, keyed.bypass)
    const storing = deps.storing.size ? deps.storing.get(keyed.key.key) : undefined
    return storing ? storing.then(() => readEntry(deps, keyed)) : readEntry(deps, keyed)
  } catch (error) {
    return Promise.reject(error)
  }
}

// No async function, because every hit comes here: the state of a suspended one is larger than all else that a hit waits with.
function readEntry<T>(deps: ReadDeps, keyed: KeyedRead<ReadPlan<T>>): Promise<T> {
  const dependent = depend(deps, keyed)
  const isLimited = dependent.policy.maxConcurrentLoads !== undefined
  const cachedRead = isLimited ? limitLoads(deps, dependent) : dependent
  if (cachedRead.bypass) return bypassShared(deps, cachedRead, cachedRead.bypass)
  const recent = cachedRead.policy.maxStaleness ? tryRecent(deps, cachedRead) : undefined
  if (recent) {
    if (recent.refresh) renew(deps, cachedRead, read)
    return Promise.resolve(recent.value as T)
  }
  const local = deps.lookUp.tryLocal(cachedRead)
  if (!local)
    return deps.lookUp.fetch(cachedRead).then((lookedUp) => follow(deps, cachedRead, lookedUp, false))
  return Promise.resolve(follow(deps, cachedRead, local, deps.store.source === 'store'))
}

/**
 * Does what is decided about a read that was looked up.
 * @param pushed whether it was served without asking the store.
 */
function follow<T>(
  deps: ReadDeps,
  cachedRead: CachedRead<ReadPlan<T>>,
  lookedUp: LookUpResult | undefined,
  pushed: boolean,
): T | Promise<T> {
  if (!lookedUp) return bypassShared(deps, cachedRead, 'unavailable')
  const decision = decide(deps, cachedRead, lookedUp)
  if (decision.kind === 'hit') {
    if (decision.refresh) refresh(deps, cachedRead, lookedUp)
    // What `push` has served without asking may be a second old already.
    if (cachedRead.policy.maxStaleness && !pushed) keepHit(deps, cachedRead, lookedUp)
    return decision.value as T
  }
  if (decision.kind === 'bypass') return bypassShared(deps, cachedRead, decision.reason)
  return loadShared(deps, cachedRead, decision.reason, lookedUp)
}

/** @param rescued what the read may be served instead of the error; it has been reported. */
async function bypass<T>(
  deps: ReadDeps,
  startedRead: StartedRead<ReadPlan<T>>,
  reason: BypassReason,
  rescued?: (error: unknown) => { readonly value: unknown } | undefined,
): Promise<T> {
  const { plan, capture } = startedRead
  let result: T
  try {
    result = await (capture ? runUncached(deps, { plan, capture }, reason, () => plan.run()) : plan.run())
  } catch (error) {
    const stale = rescued?.(error)
    if (stale) return stale.value as T
    reportRead(deps, startedRead, reason)
    throw error
  }
  reportRead(deps, startedRead, reason)
  return result
}

/** A bypass of a read that has an entry: equal reads share it, each one that began after their call. */
function bypassShared<T>(deps: ReadDeps, cachedRead: Read<T>, reason: BypassReason): Promise<T> {
  const { plan } = cachedRead
  if (cachedRead.capture && reason === 'unavailable') refuseBypass(cachedRead.capture, reason)
  return shareGeneration(deps, cachedRead, reason, async (others) => {
    let stale: ReturnType<typeof rescue>
    const began = deps.clock.now()
    const result = await bypass(deps, cachedRead, reason, (error) => {
      // What the memory tier has may still be known to be unchanged, for a moment after the store was lost.
      stale =
        reason === 'unavailable'
          ? rescue(deps, cachedRead, deps.lookUp.tryKept(cachedRead), error)
          : undefined
      return stale
    })
    const wanted = (others || cachedRead.policy.maxStaleness) && !stale
    const encoded = wanted ? deps.entries.encode(result, cachedRead, plan.dataDepth) : undefined
    const payload = encoded && 'error' in encoded ? undefined : encoded
    if (cachedRead.policy.maxStaleness) keepRan(deps, cachedRead, { result, payload, began })
    return { result, payload }
  })
}

/** Shares a load where nothing tells how old one is: the store is away, a tag is dirty, or it was evicted at once. */
async function shareGeneration<T>(
  deps: ReadDeps,
  cachedRead: Read<T>,
  reason: BypassReason | MissReason,
  loading: (others: number) => Promise<LoadResult>,
  before?: StateBeforeLoad,
): Promise<T> {
  const { generations, inOrder } = deps
  const { policy, plan, key } = cachedRead
  const alone = async (): Promise<T> => (await loading(0)).result as T
  if (policy.singleFlight === false) return alone()
  const options = { joined: plan.joined, inOrder }
  const shared = await shareAgain(() => generations.share(key.key, loading, patienceOf(policy), options))
  return resultForCaller(deps, cachedRead, shared, reason, alone, before)
}

/** How long callers wait for a load, which may have to wait for others itself. */
function patienceOf({ joinTimeout, maxConcurrentLoads, loadQueueTimeout }: Policy): number {
  return joinTimeout + (maxConcurrentLoads === undefined ? 0 : loadQueueTimeout)
}

/** A miss: seed what is missing, then load, together with whoever else saw the same nonces. */
async function loadShared<T>(
  deps: ReadDeps,
  cachedRead: CachedRead<ReadPlan<T>>,
  reason: MissReason,
  lookedUp: LookUpResult,
): Promise<T> {
  // Before anybody is waited for, who may wait for a database that does not answer.
  const expired = serveDuringOutage(deps, cachedRead, lookedUp)
  if (expired) return expired.value as T
  const { store, longestLifetime } = deps
  const seeded = hasMissing(lookedUp.observedTags)
    ? await store.seed(cachedRead.tags, 2 * longestLifetime())
    : undefined
  if (seeded && !seeded.ok) return bypassShared(deps, cachedRead, 'unavailable')
  const before = beforeLoad(cachedRead, lookedUp, seeded?.value)
  if (!before) return bypassShared(deps, cachedRead, 'dirty')
  const { observedTags } = before
  const { policy, plan } = cachedRead
  const loading = () => load(deps, cachedRead, reason, before, lookedUp)
  // Nonces do not tell reads apart under a mark, for its write may end at any moment, even if the tag is optional. Nor
  // where a tag was evicted between seeding and now.
  if (hasMissing(observedTags) || observedTags.some((tag) => tag.dirty))
    return shareGeneration(deps, cachedRead, reason, loading, before)
  const alone = async (): Promise<T> => (await loading()).result as T
  if (policy.singleFlight === false) return alone()
  const leases = policy.singleFlight === 'cluster' ? deps.leases : undefined
  const sharing = (started?: OnQueryStart): Promise<LoadResult> =>
    leases && started ? loadOnce(deps, leases, cachedRead, reason, { before, lookedUp, started }) : loading()
  const flight = flightName(cachedRead, before)
  const patience = patienceOf(policy) + (leases ? LEASE_SLACK : 0)
  const shared = await shareAgain(() => deps.flights.share(flight, sharing, patience, plan.joined))
  // What the name says nothing of, because only the load captured it, may have been written before this call.
  if ('other' in shared && shared.other?.confirmed && !(await shared.other.confirmed))
    return shareGeneration(deps, cachedRead, reason, loading, before)
  // The same of what another process has captured.
  if ('other' in shared && shared.other?.hit && plan.captures) {
    const now = await deps.lookUp.fetch(cachedRead)
    const decision = now && decide(deps, cachedRead, now)
    if (decision?.kind === 'hit') return decision.value as T
    return shareGeneration(deps, cachedRead, reason, loading, before)
  }
  const again = async (): Promise<T> => {
    const stale = serveDuringOutage(deps, cachedRead, lookedUp)
    return stale ? (stale.value as T) : alone()
  }
  return resultForCaller(deps, cachedRead, shared, reason, again, before)
}

/** What one caller of a shared load gets: objects of its own. */
async function resultForCaller<T>(
  deps: ReadDeps,
  cachedRead: Read<T>,
  shared: Shared<LoadResult>,
  reason: BypassReason | MissReason,
  alone: () => Promise<T>,
  before?: StateBeforeLoad,
): Promise<T> {
  if ('own' in shared) return shared.own.result as T
  const payload = shared.other?.payload
  const copy = payload && deps.entries.decode(payload, cachedRead)
  // The other caller's load failed, or gave nothing that can be copied: its error and its objects stay its own.
  if (!copy || !accepts(cachedRead.plan, copy.value)) return alone()
  const { hit, captured } = shared.other ?? {}
  if (cachedRead.capture && hit) contributeHit(deps, cachedRead.capture, hit)
  else if (cachedRead.capture && before) contributeShared(deps, cachedRead, before, copy.value, captured)
  reportRead(deps, cachedRead, reason, { shared: true })
  return copy.value as T
}
