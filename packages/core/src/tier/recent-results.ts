import type { Clock } from '../base/clock.ts'
import { createLocalEntries, type LocalEntries, LocalEntry } from '../store/local-entries.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { EntryRequest } from './look-up.ts'

/** A result of this process, for policies with a `maxStaleness`. Times in milliseconds. */
export interface RecentResult {
  readonly payload: Uint8Array
  /** The entry in the memory of this process whose payload it is, if it is one. */
  readonly local?: LocalEntry | undefined
  /** By the clock, an instant at which it was what the database held, or a little earlier. */
  readonly current: number
  /** By the clock, when it expires. */
  readonly until: number
  readonly lifetime: number
  /** How long the read that got it took. */
  readonly cost: number
  /** What the result depends on, exactly. */
  readonly dependencies: readonly ReadTag[]
  /** The number of the last write that had ended before {@link current}. */
  readonly lastEnded: number
}

/** Results of this process that may be served without asking the store, although their tags may have moved since. */
export interface RecentResults {
  /** The result of a read if it is younger than `maxStaleness`, and no write of this process has touched it since. */
  get(wanted: EntryRequest, maxStaleness: number): RecentResult | undefined
  put(wanted: EntryRequest, result: RecentResult): void
  /** Drops all results, and keeps no more. */
  close(): void
}

/** What is known of the writes of this process. */
export interface OwnWrites {
  mayChange(tags: readonly ReadTag[]): boolean
  readonly ended: { readonly last: number }
  hasEndedSince(last: number, tags: readonly ReadTag[]): boolean
}

class RecentEntry extends LocalEntry implements RecentResult {
  readonly payload: Uint8Array
  readonly local: LocalEntry
  readonly current: number
  readonly until: number
  readonly lifetime: number
  readonly cost: number
  readonly dependencies: readonly ReadTag[]
  readonly lastEnded: number
  readonly proof: string
  readonly tags: readonly ReadTag[]
  /** The number of the last write that has been compared with it. */
  checked: number

  constructor(result: RecentResult, proof: string, tags: readonly ReadTag[]) {
    super()
    this.payload = result.payload
    this.local = result.local ?? this
    this.current = result.current
    this.until = result.until
    this.lifetime = result.lifetime
    this.cost = result.cost
    this.dependencies = result.dependencies
    this.lastEnded = result.lastEnded
    this.proof = proof
    this.tags = tags
    this.checked = result.lastEnded
  }
}

/** What a result takes of the heap besides its value, and what each of its tags does. */
const OVERHEAD = 600
const TAG_OVERHEAD = 300

/** @param bounds on results and bytes; the least recently used goes first. */
export function createRecentResults(
  clock: Pick<Clock, 'now'>,
  writes: OwnWrites,
  bounds: { readonly maxEntries: number; readonly maxBytes: number },
): RecentResults {
  // Most caches have no such policy.
  let results: LocalEntries<RecentEntry> | undefined
  let closed = false
  return {
    get({ key, tags }, maxStaleness) {
      const result = results?.get(key.key)
      if (!result || result.proof !== key.proof || !sameTags(result.tags, tags)) return undefined
      const now = clock.now()
      if (now - result.current >= maxStaleness || now >= result.until) return undefined
      if (writes.mayChange(result.dependencies)) return undefined
      if (writes.hasEndedSince(result.checked, result.dependencies)) {
        results?.delete(key.key)
        return undefined
      }
      result.checked = writes.ended.last
      return result
    },
    put({ key, tags }, result) {
      if (closed) return
      const recent = results?.get(key.key)
      // A load that took its time must not replace the result of a later one.
      if (recent && recent.proof === key.proof && recent.current > result.current) return
      results ??= createLocalEntries(bounds)
      const { payload, dependencies } = result
      const size = OVERHEAD + key.key.length + payload.length + dependencies.length * TAG_OVERHEAD
      results.set(key.key, new RecentEntry(result, key.proof, tags), size)
    },
    close() {
      closed = true
      results?.clear()
    },
  }
}

/** One query may be read with other user tags, or with other declared tables. */
function sameTags(a: readonly ReadTag[], b: readonly ReadTag[]): boolean {
  if (a === b) return true
  return a.length === b.length && a.every(({ names }, at) => sameNames(names, b[at]?.names))
}

function sameNames(a: readonly string[], b: readonly string[] | undefined): boolean {
  return a.length === b?.length && a.every((name, at) => name === b[at])
}
