import { hasMissing } from '../entry/observed-tags.ts'
import type { ReadPlan } from '../plan/plan.ts'
import type { BypassReason, MissReason } from '../report/events.ts'
import type { LookUpResult } from '../tier/look-up.ts'
import { contributeShared, refuseBypass, runUncached } from './capture-read.ts'
import {
  accepts,
  type Before,
  beforeLoad,
  type CachedRead,
  decide,
  depend,
  identify,
  type StartedRead,
} from './decide.ts'
import { flightName, type LoadDeps, type LoadResult, load } from './load.ts'
import { refresh } from './refresh.ts'
import { reportRead } from './report-read.ts'
import type { Shared } from './share.ts'
import type { SingleFlight } from './single-flight.ts'
import type { TurnFlight } from './turn-flight.ts'

/** What reads of one host need, wired by the composition root. */
export interface ReadDeps extends LoadDeps {
  readonly flights: SingleFlight<LoadResult>
  readonly turns: TurnFlight<LoadResult>
}

type Read<T> = CachedRead<ReadPlan<T>>

/** The read pipeline: bypass? → key and tags → look up → hit, or load once and store. */
export async function read<T>(deps: ReadDeps, plan: ReadPlan<T>): Promise<T> {
  const keyed = identify(deps, plan)
  if (keyed.bypass) return bypass(deps, keyed, keyed.bypass)
  if (deps.storing.size) await deps.storing.get(keyed.key.key)
  const one = depend(deps, keyed)
  if (one.bypass) return bypass(deps, one, one.bypass)
  const found = deps.lookUp.tryLocal(one) ?? (await deps.lookUp.fetch(one))
  if (!found) return bypassStore(deps, one)
  const decision = decide(deps, one, found)
  if (decision.kind === 'hit') {
    if (decision.refresh) refresh(deps, one, found)
    return decision.value as T
  }
  if (decision.kind === 'bypass') return bypass(deps, one, decision.reason)
  return loadShared(deps, one, decision.reason, found)
}

async function bypass<T>(deps: ReadDeps, one: StartedRead<ReadPlan<T>>, reason: BypassReason): Promise<T> {
  const { plan, capture } = one
  try {
    return await (capture ? runUncached(deps, { plan, capture }, reason, () => plan.run()) : plan.run())
  } finally {
    reportRead(deps, one, reason)
  }
}

/** The store cannot be asked. Nothing says how old a load is: equal reads share only one that has not begun. */
async function bypassStore<T>(deps: ReadDeps, one: Read<T>): Promise<T> {
  if (one.capture) refuseBypass(one.capture, 'unavailable')
  const alone = (): Promise<T> => bypass(deps, one, 'unavailable')
  if (one.policy.singleFlight === false) return alone()
  const loading = async (others: number): Promise<LoadResult> => {
    const result = await alone()
    const payload = others ? deps.entries.encode(result, one) : undefined
    return { result, payload: payload && 'error' in payload ? undefined : payload }
  }
  const shared = deps.turns.share(one.key.key, loading, one.policy.joinTimeout, one.plan.joined)
  return resultForCaller(deps, one, await shared, 'unavailable', alone)
}

/** A miss: seed what is missing, then load, together with whoever else saw the same nonces. */
async function loadShared<T>(
  deps: ReadDeps,
  one: Read<T>,
  reason: MissReason,
  found: LookUpResult,
): Promise<T> {
  const { store, longestLifetime } = deps
  const seeded = hasMissing(found.observedTags)
    ? await store.seed(one.tags, 2 * longestLifetime())
    : undefined
  if (seeded && !seeded.ok) return bypassStore(deps, one)
  const before = beforeLoad(one, found, seeded?.value)
  if (!before) return bypass(deps, one, 'dirty')
  const { observedTags } = before
  const loading = () => load(deps, one, reason, before)
  const alone = async (): Promise<T> => (await loading()).result as T
  // Whoever saw a mark, even on an optional tag, loads alone: the write under it may end at any moment.
  // So does whoever found a tag evicted between seeding and now: a name without its nonce says nothing.
  if (one.policy.singleFlight === false || hasMissing(observedTags) || observedTags.some((tag) => tag.dirty))
    return alone()
  const shared = deps.flights.share(flightName(one, before), loading, one.policy.joinTimeout, one.plan.joined)
  return resultForCaller(deps, one, await shared, reason, alone, before)
}

/** What one caller of a shared load gets: objects of its own. */
async function resultForCaller<T>(
  deps: ReadDeps,
  one: Read<T>,
  shared: Shared<LoadResult>,
  reason: BypassReason | MissReason,
  alone: () => Promise<T>,
  before?: Before,
): Promise<T> {
  if ('own' in shared) return shared.own.result as T
  // What this caller saw before the load says nothing of what was captured.
  if (shared.other?.confirmed && !(await shared.other.confirmed)) return alone()
  const payload = shared.other?.payload
  const copy = payload && deps.entries.decode(payload, one)
  // The other caller's load failed, or gave nothing that can be copied: its error and its objects stay its own.
  if (!copy || !accepts(one.plan, copy.value)) return alone()
  if (one.capture && before) contributeShared(deps, one, before, copy.value, shared.other?.captured)
  reportRead(deps, one, reason, { shared: true })
  return copy.value as T
}
