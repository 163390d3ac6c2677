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
  private readonly asked: readonly ReadTag[]
  private readonly writing: ReadonlySet<string>
  private readonly fetched: Fetched
  private observed: ObservedTags | undefined

  /**
   * @param asked the tags of the read; `tags` adds what only the entry names.
   * @param writing records to which this process is writing.
   */
  constructor(
    asked: readonly ReadTag[],
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
    this.asked = asked
    this.writing = writing
    this.fetched = fetched
    this.observed = undefined
  }

  get epoch(): string {
    return this.fetched.epoch
  }

  // Lazy, because a hit does not need them.
  get observedTags(): ObservedTags {
    this.observed ??= observeTags(this.asked, this.fetched, this.writing)
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
