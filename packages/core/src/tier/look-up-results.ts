import type { OpenedEntry } from '../entry/entries.ts'
import {
  decideFreshness,
  EXPIRED,
  type Freshness,
  HIT,
  isUnchanged,
  type ObservedTags,
  observeTags,
} from '../entry/observed-tags.ts'
import type { EntryKey } from '../keys/entry-key.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'

/** An entry, if there is one, and the state of the tags of the read, observed together. */
export interface LookUpResult {
  readonly fresh: Freshness
  readonly entry: OpenedEntry | undefined
  /** Where the entry came from. */
  readonly source: 'memory' | 'store'
  readonly epoch: string
  /** State of the tags of the read. */
  readonly observedTags: ObservedTags
  /** The tags of the read, with the result dependencies of the entry. */
  readonly tags: readonly ReadTag[]
}

/** What a fetch has found. A class, because an accessor in a literal costs a hit more than the checks of it. */
export class FoundEntry implements LookUpResult {
  readonly fresh: Freshness
  readonly tags: readonly ReadTag[]
  readonly entry: OpenedEntry | undefined
  readonly source: LookUpResult['source']
  private readonly readTags: readonly ReadTag[]
  private readonly writing: ReadonlySet<string>
  private readonly fetched: Fetched
  private observed: ObservedTags | undefined

  /**
   * @param readTags the tags of the read; `tags` adds what only the entry names.
   * @param writing records to which this process is writing.
   */
  constructor(
    readTags: readonly ReadTag[],
    writing: ReadonlySet<string>,
    tags: readonly ReadTag[],
    entry: OpenedEntry | undefined,
    source: LookUpResult['source'],
    fetched: Fetched,
  ) {
    this.fresh = freshnessOf(entry, tags, fetched, writing)
    this.tags = tags
    this.entry = entry
    this.source = source
    this.readTags = readTags
    this.writing = writing
    this.fetched = fetched
    this.observed = undefined
  }

  get epoch(): string {
    return this.fetched.epoch
  }

  // Lazy, because a hit does not need them.
  get observedTags(): ObservedTags {
    this.observed ??= observeTags(this.readTags, this.fetched, this.writing)
    return this.observed
  }
}

function freshnessOf(
  entry: OpenedEntry | undefined,
  tags: readonly ReadTag[],
  fetched: Fetched,
  writing: ReadonlySet<string>,
): Freshness {
  if (entry && isUnchanged(entry.state, tags, fetched, writing))
    return entry.state.remaining > 0 ? HIT : EXPIRED
  return decideFreshness(entry?.state, observeTags(tags, fetched, writing), fetched.epoch)
}

/** The result of a look-up. Undefined: the store is unavailable. */
export type PendingLookUp = Promise<LookUpResult | undefined>

/** What tells whether two reads may share a look-up. */
interface WantedEntry {
  readonly key: EntryKey
  readonly tags: readonly ReadTag[]
  /** When the read started, by the clock. */
  readonly started: number
}

/** Look-ups whose request is not sent yet. Equal reads of one turn of the event loop share one, with all that is decided about it. */
export interface SharedLookUps {
  /** Returns the look-up of an equal read. Its reply shows a moment after this call. Undefined: begin another one. */
  join(wanted: WantedEntry): PendingLookUp | undefined
  /**
   * Begins a look-up that later reads may join.
   * @param until by the clock: reads that start later must not be given its entry.
   */
  begin(wanted: WantedEntry, until: number, lookUp: () => PendingLookUp): PendingLookUp
}

interface OpenLookUp {
  readonly key: string
  readonly result: PendingLookUp
  readonly until: number
}

/** What sharing needs to know about the store and the writes of this process. */
interface SharingDeps {
  /** See `Store.packetsSent`. */
  readonly packetsSent: () => number | undefined
  /** A read bypasses the cache by the writes at its own call. So reads share only while there are none. */
  readonly pending: { readonly any: boolean }
}

export function createSharedLookUps({ packetsSent, pending }: SharingDeps): SharedLookUps {
  // By identity: a read that is repeated has the same list again.
  let open = new Map<readonly ReadTag[], OpenLookUp>()
  let sentBefore: number | undefined
  const clear = (): void => {
    // A new map instead of `clear()`: V8 chains the tables of a map that is cleared again and again, and one old table
    // keeps all later ones, with every result in them, from being collected.
    if (open.size) open = new Map()
  }
  return {
    join({ tags, key, started }) {
      if (open.size === 0 || pending.any) return undefined
      if (packetsSent() !== sentBefore) return void clear()
      const lookUp = open.get(tags)
      return lookUp && lookUp.key === key.key && started < lookUp.until ? lookUp.result : undefined
    },
    begin({ tags, key }, until, lookUp) {
      const before = packetsSent()
      if (before === undefined || pending.any) return lookUp()
      const result = lookUp()
      // Later callers must not share a reply that may be older than their call.
      if (packetsSent() !== before) {
        clear()
        return result
      }
      sentBefore = before
      // If nothing is ever sent, the look-ups are shared in this turn only.
      if (open.size === 0) process.nextTick(clear)
      open.set(tags, { key: key.key, result, until })
      return result
    },
  }
}
