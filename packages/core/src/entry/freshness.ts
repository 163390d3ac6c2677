import type { MissReason } from '../report/events.ts'

/** The state in which a fetch found one tag of a read. */
export interface ObservedTag {
  readonly name: string
  /** Undefined: missing. */
  readonly nonce: string | undefined
  readonly dirty: boolean
  /** The entry may or may not have recorded this tag. */
  readonly optional: boolean
}

/** What the header of an entry says. */
export interface EntryState {
  readonly remaining: number
  readonly epoch: string
  /** Tag name to the nonce it had before the load. */
  readonly nonces: ReadonlyMap<string, string>
  /** False if the key, the codec or the format differs: the entry belongs to another read. */
  readonly own: boolean
}

/** Whether an entry may be served, and if not, why. */
export type Freshness =
  | { readonly kind: 'hit' }
  | { readonly kind: 'dirty' }
  | { readonly kind: 'miss'; readonly reason: Exclude<MissReason, 'too-large'> }

/**
 * The freshness rule. An entry is served if it belongs to this read, has not expired, and recorded exactly the tags of the
 * read, each present, clean and unchanged. While a tag is dirty on which the read depends in any case, nothing may be stored
 * either. Pure.
 */
export function judgeFreshness(
  entry: EntryState | undefined,
  tags: readonly ObservedTag[],
  epoch: string,
): Freshness {
  if (tags.some((tag) => tag.dirty && (!tag.optional || entry?.nonces.has(tag.name)))) {
    // An entry that recorded an optional tag which is now dirty is unusable. The read may load without it.
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
