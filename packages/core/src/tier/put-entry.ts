import type { Entries } from '../entry/entries.ts'
import { resultCellsOf } from '../entry/observed-tags.ts'
import { noncesOf } from '../entry/recorded-nonces.ts'
import type { PauseState } from '../options/pause.ts'
import type { GuardedStore } from '../store/guard.ts'
import type { Renewal } from '../store/store.ts'
import type { EntryRequest, LookUp } from './look-up.ts'

/** When and with what an entry was made. */
export type Stamp = Parameters<Entries['seal']>[0]

/** What storing needs, wired by the composition root. */
export interface PutDeps {
  readonly store: GuardedStore
  readonly entries: Entries
  readonly lookUp: LookUp
  readonly pause: PauseState
}

/**
 * Stores an entry of this process, in its memory tier at once. Resolves when the store has it, or when that failed. Does
 * nothing while the cache is paused.
 */
export async function putEntry(
  { store, entries, lookUp, pause }: PutDeps,
  wanted: EntryRequest,
  stamp: Stamp,
  payload: Uint8Array,
  renewal?: Renewal,
): Promise<void> {
  if (pause.active) return
  const { epoch, lifetime, loadTime, grace } = stamp
  const state = { remaining: lifetime, belongsToRead: true, epoch, nonces: noncesOf(stamp) }
  const resultCells = resultCellsOf(stamp)
  lookUp.keep(wanted, { state, resultCells, payload, lifetime, age: 0, loadTime, grace })
  await store.set(wanted.key.key, entries.seal(stamp, payload, wanted), lifetime + grace, renewal)
}
