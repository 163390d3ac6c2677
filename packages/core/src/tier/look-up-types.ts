import type { Clock } from '../base/clock.ts'
import type { EntryOwner, OpenedEntry } from '../entry/entries.ts'
import type { Policy } from '../plan/policy.ts'
import type { GuardedStore } from '../store/guard.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { LookUpResult } from './look-up-results.ts'
import type { MemoryTier } from './memory-tier.ts'

/** What a look-up needs to know about a read. */
export interface EntryRequest extends EntryOwner {
  /** When the read started, by the clock. */
  readonly started: number
  readonly tags: readonly ReadTag[]
  /** Records to which this process was writing when the read started. */
  readonly writing: ReadonlySet<string>
  /** How long after its expiry an entry will do for the read. Default: not at all. */
  readonly policy?: Pick<Policy, 'staleWhileRevalidate'>
}

/** Looks entries up in the memory tier and in the store. */
export interface LookUp {
  /** Looks up without waiting: a hit in the memory tier, or anything in a synchronous store. Undefined: use `fetch`. */
  tryLocal(wanted: EntryRequest): LookUpResult | undefined
  /** What the memory tier has, expired or not, if its tags are known without asking the store. */
  tryKept(wanted: EntryRequest): LookUpResult | undefined
  /** Fetches from the store what the memory tier does not have. Undefined: the store is unavailable. */
  fetch(wanted: EntryRequest): Promise<LookUpResult | undefined>
  /** Fetches from the store whatever the memory tier has: another process may have renewed the entry. */
  fetchStored(wanted: EntryRequest): Promise<LookUpResult | undefined>
  /** The same with a synchronous store. Undefined: the store is not synchronous. */
  fetchSync(wanted: EntryRequest): LookUpResult | undefined
  /** Puts an entry of this process into the memory tier. */
  keep(wanted: EntryRequest, entry: OpenedEntry): void
}

/** What looking up needs, wired by the composition root. */
export interface LookUpDeps {
  readonly store: GuardedStore
  readonly clock: Clock
  readonly tier: MemoryTier | undefined
  /** Whether a read with these tags must bypass the cache because of a pending write of this process. */
  readonly mustBypass: (tags: readonly ReadTag[]) => boolean
  /** Whether this process has a pending write. */
  readonly pending: { readonly any: boolean }
}
