import type { EntryHeader } from '../codec/envelope.ts'
import type { MissReason } from '../report/events.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import { fieldName } from '../tags/spelling.ts'

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

/** The tags of a read as one fetch saw them, in the order of the requests. */
export type ObservedTags = readonly ObservedTag[]

/**
 * Pairs what was asked with what was answered. `writing` are records this process is writing to: their `list` counts
 * as dirty, whether the store was told or not.
 */
export function observeTags(
  tags: readonly ReadTag[],
  fetched: Fetched,
  writing: ReadonlySet<string>,
): ObservedTags {
  const observedTags: ObservedTag[] = []
  for (let index = 0; index < tags.length; index++) {
    const tag = tags[index] as ReadTag
    const reply = fetched.tags[index]
    const { names, fields } = tag
    const certain = names.length - (tag.resultCells ?? 0)
    for (let at = 0; at < names.length; at++) {
      const state = at < fields.length ? reply?.fields[at] : reply?.cells[at - fields.length]
      const list = at === 0 && tag.list !== 'no'
      const dirty = state?.dirty === true || (list && writing.has(tag.record))
      observedTags.push({
        name: names[at] as string,
        nonce: state?.nonce,
        dirty,
        optional: at >= certain || (list && tag.list === 'maybe'),
      })
    }
  }
  return observedTags
}

/** Names of all tags of a read, as events and `explain` show them. */
export function namesOf(tags: readonly ReadTag[]): readonly string[] {
  return tags.flatMap((tag) => tag.names)
}

/** True if a tag must be seeded before the load. */
export function hasMissing(observedTags: ObservedTags): boolean {
  return observedTags.some((tag) => tag.nonce === undefined)
}

/** Tag name to nonce, as an entry recorded them. */
export function noncesOf(header: Pick<EntryHeader, 'tags'>): ReadonlyMap<string, string> {
  return new Map(
    header.tags.flatMap(({ record, fields, cells, resultCells }) => [
      ...fields.map(([field, nonce]) => [fieldName(record, field), nonce] as const),
      ...cells,
      ...resultCells,
    ]),
  )
}

/** What an entry says it learned from its result. */
export function resultCellsOf(header: Pick<EntryHeader, 'tags'>): readonly ResultCells[] {
  if (!header.tags.some(({ resultCells }) => resultCells.length)) return NOTHING
  return header.tags
    .filter(({ resultCells }) => resultCells.length)
    .map(({ record, resultCells }) => ({ record, cells: resultCells.map(([cell]) => cell) }))
}

const NOTHING: readonly ResultCells[] = []

/** The tags with what an entry learned of their tables. Every hit asks: what the last one was given is remembered. */
export function withResultCells(
  tags: readonly ReadTag[],
  learned: readonly ResultCells[],
): readonly ReadTag[] {
  if (!learned.length) return tags
  const last = given.get(learned)
  if (last?.tags === tags) return last.all
  const all = joined(tags, learned)
  given.set(learned, { tags, all })
  return all
}

/** By the list that an entry, or the hint at it, keeps. */
const given = new WeakMap<
  readonly ResultCells[],
  { readonly tags: readonly ReadTag[]; readonly all: readonly ReadTag[] }
>()

function joined(tags: readonly ReadTag[], learned: readonly ResultCells[]): readonly ReadTag[] {
  return tags.map((tag) => {
    const named = learned.find(({ record }) => record === tag.record)?.cells ?? []
    const more = named.filter((cell) => !tag.cells.includes(cell))
    if (!more.length) return tag
    const [cells, names] = [
      [...tag.cells, ...more],
      [...tag.names, ...more],
    ]
    return { ...tag, cells, names, resultCells: more.length }
  })
}
