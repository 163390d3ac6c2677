import { randomBytes } from 'node:crypto'
import type { GuardedStore } from '../store/guard.ts'
import type { Guarded } from '../store/guarded.ts'
import type { FinishRequest } from '../store/store.ts'
import { LIST } from '../tags/spelling.ts'
import type { TagReport } from '../tags/tag.ts'
import type { WriteTag } from '../tags/write-tags.ts'
import type { MarkReports } from '../write-through/row-storage.ts'
import type { Journal } from './journal.ts'
import type { PendingWrites } from './pending-writes.ts'

/** Returns the token of one write. It is unique among all writes of all caches of all processes. */
export type NewToken = () => string

/** Makes the tokens of one cache. */
export function createTokens(): NewToken {
  // Random once: drawing it anew for every write would cost as much as the rest of the mark.
  const prefix = randomBytes(12).toString('base64url')
  let count = 0
  return () => `${prefix}${(count++).toString(36)}`
}

/** What finishes and explicit invalidation need from the composition root. */
export interface BumpDeps {
  readonly store: GuardedStore
  readonly pendingWrites: PendingWrites
  readonly journal: Journal
  readonly newToken: NewToken
}

/**
 * A key whose values were all known at the mark is left alone; one that was marked and returned since is kept; every
 * other field is bumped by the store, because it is in neither list.
 */
export function finishesOf(
  marked: readonly WriteTag[],
  returned: readonly WriteTag[],
  token: string,
  reports?: MarkReports,
): readonly FinishRequest[] {
  return marked.map((tag) => {
    const reportOn = reports?.requestAtFinish(tag)
    const shown = returned.find(({ record }) => record === tag.record)
    const { record, known, unknown, cells } = tag
    const report = reportOn && { reportOn }
    // Most statements know every row, and return none.
    if (!unknown.size && (!shown || shown === tag)) {
      const request: FinishRequest = { record, token, untouched: known, keep: NONE, cells: [...cells] }
      return report ? { ...request, ...report } : request
    }
    const isKnown = (name: string): boolean =>
      shown?.known.includes(name) === true && !shown.unknown.has(name)
    return {
      record,
      token,
      untouched: known.filter((name) => !unknown.has(name)),
      keep: [...unknown].filter(isKnown),
      cells: [...new Set([...cells, ...(shown?.cells ?? [])])],
      ...report,
    }
  })
}

const NONE: readonly string[] = []

/**
 * The same after a proven rollback, which changed nothing: every field and cell keeps its nonce if its mark is still
 * there.
 * @param lifetime of the cells that keep their nonce, in milliseconds.
 */
export function rollbacksOf(
  marked: readonly WriteTag[],
  token: string,
  lifetime: number,
): readonly FinishRequest[] {
  return finishesOf(marked, [], token).map((request, at) => ({
    ...request,
    keep: [LIST, ...(marked[at]?.unknown ?? [])],
    unchanged: { lifetime },
  }))
}

/**
 * Sends every finish once. Finishes that fail, or that are meant for a store that does not answer, go to the journal before
 * the write is removed from the pending writes.
 * @param forget removes the write from the pending writes.
 * @param reports receives the reports that the finishes asked for, and stores rows by them.
 */
export async function sendFinishes(
  { store, journal }: BumpDeps,
  requests: readonly FinishRequest[],
  forget: () => void,
  reports?: MarkReports,
): Promise<void> {
  const sent = requests.map((request) =>
    store.silence.has(request.record, 'long') ? undefined : store.finish(request),
  )
  const answers = sent.length === 1 ? [await sent[0]] : await Promise.all(sent)
  const failed = requests.filter((_, at) => !answers[at]?.ok)
  if (failed.length) journal.add(failed)
  // Before reads of this process may use the cache again. The memory tier has the rows when this call returns.
  const stored = reports && storeRows(reports, requests, answers)
  forget()
  await stored
}

function storeRows(
  reports: MarkReports,
  requests: readonly FinishRequest[],
  answers: readonly (Guarded<TagReport | undefined> | undefined)[],
): Promise<void> {
  for (const [at, { record, reportOn }] of requests.entries()) {
    const answer = answers[at]
    if (reportOn && answer?.ok && answer.value) reports.finished(record, reportOn, answer.value)
  }
  return reports.store()
}

/**
 * Gives tags a new nonce, for an explicit invalidation. Resolves when the store has acknowledged it or it is in the
 * journal.
 */
export function bump(deps: BumpDeps, tags: readonly WriteTag[]): Promise<void> {
  return sendFinishes(deps, finishesOf(tags, tags, deps.newToken()), deps.pendingWrites.add(tags))
}

/**
 * The same for a synchronous driver, after its write. A store in this process is updated before anything else runs. Any other
 * is updated in the background, and affected reads of this process bypass the cache until it has acknowledged.
 */
export function bumpSync(deps: BumpDeps, tags: readonly WriteTag[]): void {
  const { sync } = deps.store
  if (!sync) {
    void bump(deps, tags)
    return
  }
  // Other caches of this process may have to be notified.
  const forget = deps.pendingWrites.add(tags)
  for (const request of finishesOf(tags, tags, deps.newToken())) sync.finish(request)
  forget()
}

/** Invalidates everything in the store. Otherwise as {@link bump}. */
export async function bumpAll({ store, journal, pendingWrites }: BumpDeps): Promise<void> {
  const forget = pendingWrites.addAll()
  if (!(await store.invalidateAll()).ok) journal.addEverything()
  forget()
}
