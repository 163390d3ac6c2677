import type { Guarded, GuardedStore } from '../store/guard.ts'
import type { FinishRequest } from '../store/store.ts'
import type { TagReport, TagReportRequest } from '../tags/tag.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { Evidence } from '../write-through/proof.ts'
import type { Journal } from './journal.ts'
import { finishesOf, newToken } from './mark-requests.ts'
import type { PendingWrites } from './pending-writes.ts'

/** What finishes and explicit invalidation need from the composition root. */
export interface BumpDeps {
  readonly store: GuardedStore
  readonly pendingWrites: PendingWrites
  readonly journal: Journal
}

/** What a store reported of one record. */
export function evidenceOf(
  { reportOn: request }: { readonly reportOn?: TagReportRequest },
  answer: Guarded<TagReport | undefined>,
): Evidence | undefined {
  return request && answer.ok && answer.value ? { request, report: answer.value } : undefined
}

/**
 * Sends every finish once. What fails is the journal's, and covered by it before the write lets go; so is at once what
 * is for a store that does not answer.
 * @param then what is to be done with the reports, by record.
 */
export async function sendFinishes(
  { store, journal }: BumpDeps,
  requests: readonly FinishRequest[],
  forget: () => void,
  then?: (finished: ReadonlyMap<string, Evidence>) => Promise<void>,
): Promise<void> {
  const reports = new Map<string, Evidence>()
  const send = async (request: FinishRequest): Promise<boolean> => {
    if (store.silence.has(request.record, 'long')) return false
    const answer = await store.finish(request)
    const report = evidenceOf(request, answer)
    if (report) reports.set(request.record, report)
    return answer.ok
  }
  const sent = await Promise.all(requests.map(send))
  journal.add(requests.filter((_, at) => !sent[at]))
  // Before reads of this process ask for it: what the memory tier gets, it has when this call returns.
  const stored = then?.(reports)
  forget()
  await stored
}

/**
 * Bumps tags that no statement of ours is changing: explicit invalidation. Resolves when the store acknowledged it, or
 * when it is in the journal.
 */
export function bump(deps: BumpDeps, tags: readonly WriteTag[]): Promise<void> {
  return sendFinishes(deps, finishesOf(tags, tags, newToken()), deps.pendingWrites.add(tags))
}

/**
 * The same by a driver that answers at once, when its write is done. A store in this process knows before anybody else
 * runs; any other is told in the background, and reads of this process go past the cache until it has heard.
 */
export function bumpSync(deps: BumpDeps, tags: readonly WriteTag[]): void {
  const { sync } = deps.store
  if (!sync) {
    void bump(deps, tags)
    return
  }
  // Other caches of this process may have to hear of it.
  const forget = deps.pendingWrites.add(tags)
  for (const request of finishesOf(tags, tags, newToken())) sync.finish(request)
  forget()
}

/** Ends everything the store holds; otherwise as {@link bump}. */
export async function bumpAll({ store, journal, pendingWrites }: BumpDeps): Promise<void> {
  const forget = pendingWrites.addAll()
  if (!(await store.invalidateAll()).ok) journal.addEverything()
  forget()
}
