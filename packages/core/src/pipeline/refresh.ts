import { hasMissing } from '../entry/observed-tags.ts'
import type { ReadPlan } from '../plan/plan.ts'
import type { Report } from '../report/report.ts'
import { limitLoads } from '../sharing/load-slots.ts'
import type { SingleFlight } from '../sharing/single-flight.ts'
import type { LookUpResult } from '../tier/look-up.ts'
import type { RecentResults } from '../tier/recent-results.ts'
import { type ClusterLoadDeps, loadIfFree } from './cluster-load.ts'
import {
  beforeLoad,
  type CachedRead,
  type DecideDeps,
  depend,
  type EntryRead,
  identify,
  type PlannedRead,
} from './decide.ts'
import { flightName, type LoadResult, load } from './load.ts'
import { NOT_NOW } from './refreshes.ts'
import { mustNotAsk } from './rescue.ts'

/** What a background refresh needs, wired by the composition root. */
export interface RefreshDeps extends ClusterLoadDeps {
  readonly flights: SingleFlight<LoadResult>
}

/**
 * Refreshes the entry that a read was served, in the background. It looks the entry up in the store first, because another
 * process may have refreshed it. It is not counted as a read, and it does nothing while a write of this process is pending.
 * @param served the look-up that the read was served from.
 */
export function refresh<T>(
  deps: RefreshDeps,
  cachedRead: CachedRead<ReadPlan<T>>,
  served: LookUpResult,
): void {
  const plan = cachedRead.plan.detach?.() ?? cachedRead.plan
  const silent = { ...deps, report: UNREPORTED }
  startRefresh(deps, cachedRead, () => refreshNow(silent, plan, cachedRead, served))
}

/**
 * Makes a read once more in the background, past the recent results of this process, so that they have its result.
 * @param read the pipeline.
 */
export function renew<D extends RefreshDeps, T>(
  deps: D,
  entryRead: EntryRead<ReadPlan<T>>,
  read: (deps: D, plan: ReadPlan<T>) => Promise<T>,
): void {
  const plan = entryRead.plan.detach?.() ?? entryRead.plan
  const { lookUp, store, recents } = deps
  // What `push` has is served without asking, and may be a second old already.
  const asking = store.sync ? lookUp : { ...lookUp, tryLocal: () => undefined }
  const silent = { ...deps, report: UNREPORTED, recents: pastRecents(recents), lookUp: asking }
  startRefresh(deps, entryRead, () => {
    const again = readAgain(silent, plan, entryRead)
    return again && read(silent, again.plan)
  })
}

/** Recent results to which only something can be added. */
export function pastRecents({ put, close }: RecentResults): RecentResults {
  return { get: () => undefined, put, close }
}

/** Runs `work` as the refresh of a read. */
export function startRefresh(deps: DecideDeps, entryRead: EntryRead<PlannedRead>, work: () => unknown): void {
  // What the scope is taken from may also decide what the query returns: row-level security by tenant, for example.
  deps.refreshes.start(entryRead.key.key, entryRead.operation, work, deps.scopeOf !== undefined)
}

async function refreshNow<T>(
  deps: RefreshDeps,
  plan: ReadPlan<T>,
  was: CachedRead<PlannedRead>,
  served: LookUpResult,
): Promise<void> {
  const again = readAgain(deps, plan, was)
  const cachedRead = again && limitLoads(deps, again)
  const lookedUp =
    cachedRead && (deps.lookUp.fetchSync(cachedRead) ?? (await deps.lookUp.fetchStored(cachedRead)))
  if (!cachedRead || !lookedUp || !mustLoad(served, lookedUp)) return
  const seeded = hasMissing(lookedUp.observedTags)
    ? await deps.store.seed(cachedRead.tags, 2 * deps.longestLifetime())
    : undefined
  const before = seeded?.ok === false ? undefined : beforeLoad(cachedRead, lookedUp, seeded?.value)
  // Asked last: whoever may ask the database during an outage must do so.
  if (!before || mustNotAsk(deps, cachedRead)) return
  const { singleFlight, joinTimeout } = cachedRead.policy
  const leases = singleFlight === 'cluster' ? deps.leases : undefined
  const loading = async (): Promise<LoadResult> => {
    if (!leases) return load(deps, cachedRead, 'expired', before)
    const loaded = await loadIfFree(deps, leases, cachedRead, 'expired', before)
    if (!loaded) throw NOT_NOW
    return loaded
  }
  if (singleFlight === false || hasMissing(before.observedTags)) await loading()
  else await deps.flights.share(flightName(cachedRead, before), loading, joinTimeout)
  await deps.storing.get(cachedRead.key.key)
}

/** The read once more. Undefined: it must not be made now, or its arguments have changed since its key was made. */
export function readAgain<P extends PlannedRead & { run(): unknown }>(
  deps: DecideDeps,
  plan: P,
  was: EntryRead<PlannedRead>,
): CachedRead<P> | undefined {
  const run = (): unknown => {
    if (plan.mayRun?.() === false) throw NOT_NOW
    return plan.run()
  }
  const keyed = identify(deps, { ...plan, run })
  if (keyed.bypass || keyed.key.key !== was.key.key) return undefined
  const cachedRead = depend(deps, keyed)
  return cachedRead.bypass ? undefined : cachedRead
}

/** Whether the entry still has to be loaded, given what was served and what is in the store now. */
export function mustLoad(served: LookUpResult, lookedUp: LookUpResult): boolean {
  if (lookedUp.fresh.kind !== 'hit' || !lookedUp.entry || !served.entry)
    return lookedUp.fresh.kind !== 'dirty'
  const { lifetime, age } = lookedUp.entry
  // A renewed entry is much younger, and has in most cases another lifetime, by its jitter. Ages are not exact.
  return lifetime === served.entry.lifetime && age >= served.entry.age / 2
}

/** Refreshes are no reads: nobody waits for them. */
export const UNREPORTED: Report = {
  read() {},
  explain: async (fn) => ({ result: await fn(), reads: [] }),
  isWarming: () => false,
  stats: () => ({ reads: 0, hits: 0, misses: 0, bypasses: 0, stale: 0, models: {} }),
  neverHits: { watching: 0, stored() {}, used() {} },
}
