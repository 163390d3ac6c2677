import { hasMissing } from '../entry/observed-tags.ts'
import { bumpSync } from '../marks/finish.ts'
import type { SyncReadPlan, SyncWritePlan } from '../plan/plan.ts'
import type { BypassReason, MissReason } from '../report/events.ts'
import type { SyncStore } from '../store/store.ts'
import { merge, type WriteTag } from '../tags/write-tags.ts'
import type { LookUpResult } from '../tier/look-up.ts'
import type { CandidateRow } from '../write-through/proof.ts'
import { refuseBypass, runUncachedSync } from './capture-read.ts'
import {
  beforeLoad,
  type CachedRead,
  decide,
  depend,
  type EntryRead,
  identify,
  type StartedRead,
} from './decide.ts'
import { allTags, confirm, evaluate, mustConfirm, type Storable } from './evaluate.ts'
import type { ReadDeps } from './read.ts'
import { keepHit, keepRan, tryRecent } from './recent.ts'
import { mustLoad, pastRecents, readAgain, startRefresh, UNREPORTED } from './refresh.ts'
import { reportRead } from './report-read.ts'
import { rescue, spare } from './rescue.ts'
import { prepareWrite, type WriteDeps } from './write.ts'

/**
 * Reads and writes of a synchronous driver: nothing else of this process runs between a write and what it
 * invalidates, so there is nothing to mark. Reads are cached where the store is in this process; with any other they
 * bypass the cache, and writes invalidate in the background: until that is acknowledged this process bypasses the
 * cache, and others may read what was there before.
 */
export interface SyncEngine {
  read<T>(plan: SyncReadPlan<T>): T
  /** @param held whether it is part of a transaction: what it changed is then kept until the end of that. */
  write<T>(plan: SyncWritePlan<T>, held: boolean): T
  /** The transaction has ended: invalidates what its writes changed, unless it was rolled back. */
  end(committed: boolean): void
}

type Deps = ReadDeps & WriteDeps
type Read<T> = CachedRead<SyncReadPlan<T>>

/** The pipelines of reads and writes without a pause in them. See {@link SyncEngine}. */
export function createSyncEngine(deps: Deps): SyncEngine {
  let held: WriteTag[] = []
  return {
    read: (plan) => read(deps, plan),
    write(plan, keep) {
      // What a transaction may yet change, or roll back, is not written through.
      const prepared = prepareWrite(deps, plan, !keep && deps.store.sync !== undefined)
      const { through, tags } = prepared
      void through?.begin()
      const changed = (touched: readonly WriteTag[]): void => {
        if (keep) held.push(...touched)
        else bumpSync(deps, touched)
      }
      let result: ReturnType<typeof plan.run>
      try {
        result = plan.run()
      } catch (error) {
        const failed = prepared.failed(error)
        if (!failed) changed(tags)
        if (!keep) prepared.report(failed ? 'failed' : 'unknown')
        throw error
      }
      changed(prepared.returned(result))
      for (const row of through?.rows(result) ?? []) storeRow(deps, row)
      if (!keep) prepared.report('committed')
      return result
    },
    end(committed) {
      const tags = merge(held)
      held = []
      if (!committed || !tags.length) return
      bumpSync(deps, tags)
      const tables = tags.map((tag) => tag.table)
      deps.events.emit('write', { operation: '$transaction', tables, outcome: 'committed', duration: 0 })
    },
  }
}

/**
 * A row as a write has just left it. Since the write began nobody else of this process ran, so a clean tag says that no
 * other write is under way, and its nonce is that of a read of now.
 */
function storeRow({ store }: Deps, row: CandidateRow): void {
  const seen = store.sync?.seed([{ record: row.record, fields: [row.field], cells: [row.cell] }])
  const [field, cell] = [seen?.tags[0]?.fields[0], seen?.tags[0]?.cells[0]]
  if (!seen || !field || !cell || field.dirty || cell.dirty) return
  void row.store({ epoch: seen.epoch, field: field.nonce, cell: cell.nonce }).catch(() => {})
}

function read<T>(deps: Deps, plan: SyncReadPlan<T>): T {
  const keyed = identify(deps, plan)
  if (keyed.bypass) return bypass(deps, keyed, keyed.bypass)
  const one = depend(deps, keyed)
  if (one.bypass) return bypassEntry(deps, one, one.bypass)
  const recent = one.policy.maxStaleness ? tryRecent(deps, one) : undefined
  if (recent) {
    if (recent.refresh) renew(deps, one)
    return recent.value as T
  }
  const found = deps.lookUp.fetchSync(one)
  const store = deps.store.sync
  if (!found || !store) {
    if (one.capture) refuseBypass(one.capture, 'unavailable')
    return bypassEntry(deps, one, 'unavailable')
  }
  const decision = decide(deps, one, found)
  if (decision.kind === 'hit') {
    if (decision.refresh) refresh(deps, one, found)
    if (one.policy.maxStaleness) keepHit(deps, one, found)
    return decision.value as T
  }
  if (decision.kind === 'bypass') return bypassEntry(deps, one, decision.reason)
  return load(deps, store, one, decision.reason, found)
}

/** Makes a read once more when the current turn is over, past the recent results of this process. */
function renew<T>(deps: Deps, was: Read<T>): void {
  const plan = was.plan.detach?.() ?? was.plan
  const silent = { ...deps, report: UNREPORTED, recents: pastRecents(deps.recents) }
  startRefresh(deps, was, () => {
    const again = readAgain(silent, plan, was)
    if (again) read(silent, again.plan)
  })
}

/** As `refresh` does, without a pause between the look-up and the entry. */
function refresh<T>(deps: Deps, was: Read<T>, served: LookUpResult): void {
  const plan = was.plan.detach?.() ?? was.plan
  startRefresh(deps, was, () => {
    const { sync } = deps.store
    const one = readAgain(deps, plan, was)
    const found = one && deps.lookUp.fetchSync(one)
    if (!sync || !found || !mustLoad(served, found)) return
    load({ ...deps, report: UNREPORTED }, sync, one, 'expired', found)
  })
}

function bypass<T>(deps: Deps, one: StartedRead<SyncReadPlan<T>>, reason: BypassReason): T {
  const { plan, capture } = one
  try {
    return capture
      ? runUncachedSync(deps, deps.store.sync, { plan, capture }, reason, () => plan.run())
      : plan.run()
  } finally {
    reportRead(deps, one, reason)
  }
}

/** A bypass of a read that has an entry. */
function bypassEntry<T>(deps: Deps, one: EntryRead<SyncReadPlan<T>>, reason: BypassReason): T {
  const began = deps.clock.now()
  const result = bypass(deps, one, reason)
  if (!one.policy.maxStaleness) return result
  const payload = deps.entries.encode(result, one, one.plan.dataDepth)
  if (!('error' in payload)) keepRan(deps, one, { result, payload, began })
  return result
}

/** A miss: what is missing of the tags is made before the query runs, and nobody else runs until its rows are stored. */
function load<T>(deps: Deps, store: SyncStore, one: Read<T>, reason: MissReason, found: LookUpResult): T {
  const seeded = hasMissing(found.observedTags) ? store.seed(one.tags) : undefined
  const before = beforeLoad(one, found, seeded)
  if (!before) return bypassEntry(deps, one, 'dirty')
  const spared = spare(deps, one, found)
  if (spared) return spared.value as T
  const began = deps.clock.now()
  let result: T
  try {
    result = one.plan.run()
  } catch (error) {
    const rescued = rescue(deps, one, found, error)
    if (rescued) return rescued.value as T
    reportRead(deps, one, reason)
    throw error
  }
  if (deps.outage.active) deps.outage.answered()
  const { storable, payload } = evaluate(deps, one, reason, before, result, deps.clock.now() - began)
  if (one.policy.maxStaleness) keepRan(deps, one, { result, payload, began })
  if (storable && !deps.pause.active) keep(deps, store, one, storable)
  return result
}

function keep<T>(deps: Deps, store: SyncStore, one: Read<T>, storable: Storable): void {
  const { before, recorded, stamp, payload } = storable
  const after = mustConfirm(one, storable) ? store.seed(allTags(one, storable)) : undefined
  const tags = after ? confirm(deps, one, storable, after) : recorded.tags
  if (!tags) return
  const bytes = deps.entries.seal({ ...stamp, epoch: before.epoch, tags }, payload, one)
  store.set(one.key.key, bytes, stamp.lifetime + stamp.grace)
}
