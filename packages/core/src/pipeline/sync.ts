import { refuseBypass, runUncachedSync } from '../capture/capture-read.ts'
import { hasMissing } from '../entry/observed-tags.ts'
import { bumpSync } from '../marks/finish.ts'
import type { SyncReadPlan, SyncWritePlan } from '../plan/plan.ts'
import type { BypassReason, MissReason } from '../report/events.ts'
import type { SyncStore } from '../store/store.ts'
import { merge, type WriteTag } from '../tags/write-tags.ts'
import type { LookUpResult } from '../tier/look-up.ts'
import type { CandidateRow } from '../write-through/proof.ts'
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
import { rescue, serveDuringOutage } from './rescue.ts'
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
  let writtenTags: WriteTag[] = []
  return {
    read: (plan) => read(deps, plan),
    write(plan, keep) {
      // What a transaction may yet change, or roll back, is not written through.
      const prepared = prepareWrite(deps, plan, !keep && deps.store.sync !== undefined)
      const { through, tags } = prepared
      void through?.begin()
      const changed = (touched: readonly WriteTag[]): void => {
        if (keep) writtenTags.push(...touched)
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
      through?.read(result)
      for (const row of through?.rows ?? []) storeRow(deps, row)
      if (!keep) prepared.report('committed')
      return result
    },
    end(committed) {
      const tags = merge(writtenTags)
      writtenTags = []
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
  const states = store.sync?.seed([{ record: row.record, fields: [row.field], cells: [row.cell] }])
  const [field, cell] = [states?.tags[0]?.fields[0], states?.tags[0]?.cells[0]]
  if (!states || !field || !cell || field.dirty || cell.dirty) return
  void row.store({ epoch: states.epoch, field: field.nonce, cell: cell.nonce }).catch(() => {})
}

function read<T>(deps: Deps, plan: SyncReadPlan<T>): T {
  const keyed = identify(deps, plan)
  if (keyed.bypass) return bypass(deps, keyed, keyed.bypass)
  const cachedRead = depend(deps, keyed)
  if (cachedRead.bypass) return bypassEntry(deps, cachedRead, cachedRead.bypass)
  const recent = cachedRead.policy.maxStaleness ? tryRecent(deps, cachedRead) : undefined
  if (recent) {
    if (recent.refresh) renew(deps, cachedRead)
    return recent.value as T
  }
  const lookedUp = deps.lookUp.fetchSync(cachedRead)
  const store = deps.store.sync
  if (!lookedUp || !store) {
    if (cachedRead.capture) refuseBypass(cachedRead.capture, 'unavailable')
    return bypassEntry(deps, cachedRead, 'unavailable')
  }
  const decision = decide(deps, cachedRead, lookedUp)
  if (decision.kind === 'hit') {
    if (decision.refresh) refresh(deps, cachedRead, lookedUp)
    if (cachedRead.policy.maxStaleness) keepHit(deps, cachedRead, lookedUp)
    return decision.value as T
  }
  if (decision.kind === 'bypass') return bypassEntry(deps, cachedRead, decision.reason)
  return load(deps, store, cachedRead, decision.reason, lookedUp)
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
    const cachedRead = readAgain(deps, plan, was)
    const lookedUp = cachedRead && deps.lookUp.fetchSync(cachedRead)
    if (!sync || !lookedUp || !mustLoad(served, lookedUp)) return
    load({ ...deps, report: UNREPORTED }, sync, cachedRead, 'expired', lookedUp)
  })
}

function bypass<T>(deps: Deps, startedRead: StartedRead<SyncReadPlan<T>>, reason: BypassReason): T {
  const { plan, capture } = startedRead
  try {
    return capture
      ? runUncachedSync(deps, deps.store.sync, { plan, capture }, reason, () => plan.run())
      : plan.run()
  } finally {
    reportRead(deps, startedRead, reason)
  }
}

/** A bypass of a read that has an entry. */
function bypassEntry<T>(deps: Deps, entryRead: EntryRead<SyncReadPlan<T>>, reason: BypassReason): T {
  const began = deps.clock.now()
  const result = bypass(deps, entryRead, reason)
  if (!entryRead.policy.maxStaleness) return result
  const payload = deps.entries.encode(result, entryRead, entryRead.plan.dataDepth)
  if (!('error' in payload)) keepRan(deps, entryRead, { result, payload, began })
  return result
}

/** A miss: what is missing of the tags is made before the query runs, and nobody else runs until its rows are stored. */
function load<T>(
  deps: Deps,
  store: SyncStore,
  cachedRead: Read<T>,
  reason: MissReason,
  lookedUp: LookUpResult,
): T {
  const expired = serveDuringOutage(deps, cachedRead, lookedUp)
  if (expired) return expired.value as T
  const seeded = hasMissing(lookedUp.observedTags) ? store.seed(cachedRead.tags) : undefined
  const before = beforeLoad(cachedRead, lookedUp, seeded)
  if (!before) return bypassEntry(deps, cachedRead, 'dirty')
  const began = deps.clock.now()
  let result: T
  try {
    result = cachedRead.plan.run()
  } catch (error) {
    const rescued = rescue(deps, cachedRead, lookedUp, error)
    if (rescued) return rescued.value as T
    reportRead(deps, cachedRead, reason)
    throw error
  }
  if (deps.outage.active) deps.outage.answered()
  const { storable, payload } = evaluate(deps, cachedRead, reason, before, result, deps.clock.now() - began)
  if (cachedRead.policy.maxStaleness) keepRan(deps, cachedRead, { result, payload, began })
  if (storable && !deps.pause.active) keep(deps, store, cachedRead, storable)
  return result
}

function keep<T>(deps: Deps, store: SyncStore, cachedRead: Read<T>, storable: Storable): void {
  const { before, recorded, stamp, payload } = storable
  const after = mustConfirm(cachedRead, storable) ? store.seed(allTags(cachedRead, storable)) : undefined
  const tags = after ? confirm(deps, cachedRead, storable, after) : recorded.tags
  if (!tags) return
  const bytes = deps.entries.seal({ ...stamp, epoch: before.epoch, tags }, payload, cachedRead)
  store.set(cachedRead.key.key, bytes, stamp.lifetime + stamp.grace)
}
