import type { MissReason } from '../report/events.ts'

/** What the store knew about one tag a read needs. */
export interface ObservedTag {
  readonly name: string
  /** Undefined: missing. */
  readonly nonce: string | undefined
  readonly dirty: boolean
  /** The entry may or may not have recorded this tag. */
  readonly optional: boolean
}

/** What an entry says about itself. */
export interface EntryState {
  readonly remaining: number
  readonly epoch: string
  /** Tag name to the nonce it had before the load. */
  readonly nonces: ReadonlyMap<string, string>
  /** False when key, codec or format differ: the entry is somebody else's. */
  readonly own: boolean
}

/** Whether an entry may answer a read, and if not, what stands in the way. */
export type Freshness =
  | { readonly kind: 'hit' }
  | { readonly kind: 'dirty' }
  | { readonly kind: 'miss'; readonly reason: Exclude<MissReason, 'too-large'> }

/**
 * The freshness rule: every tag the entry recorded is present, clean and unchanged; the tags are the ones this read
 * derives; the entry is this read's and not expired. A dirty tag that the read needs whatever the result means
 * nobody may fill either. Pure.
 */
export function judgeFreshness(
  entry: EntryState | undefined,
  tags: readonly ObservedTag[],
  epoch: string,
): Freshness {
  if (tags.some((tag) => tag.dirty && (!tag.optional || entry?.nonces.has(tag.name)))) {
    // An entry that named a now dirty optional tag is unusable; without it the load may go on.
    return tags.some((tag) => tag.dirty && !tag.optional) ? DIRTY : INVALIDATED
  }
  if (!entry?.own) return { kind: 'miss', reason: 'miss' }
  if (entry.remaining <= 0) return { kind: 'miss', reason: 'expired' }
  return entry.epoch === epoch && unchanged(entry, tags) ? HIT : INVALIDATED
}

const HIT: Freshness = { kind: 'hit' }
const DIRTY: Freshness = { kind: 'dirty' }
const INVALIDATED: Freshness = { kind: 'miss', reason: 'invalidated' }

function unchanged(entry: EntryState, tags: readonly ObservedTag[]): boolean {
  let recorded = 0
  for (const tag of tags) {
    const nonce = entry.nonces.get(tag.name)
    if (nonce === undefined) {
      if (!tag.optional) return false
    } else {
      if (nonce !== tag.nonce) return false
      recorded++
    }
  }
  return recorded === entry.nonces.size
}
