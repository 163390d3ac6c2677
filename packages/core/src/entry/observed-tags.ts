import type { EntryHeader, EntryTag } from '../codec/envelope.ts'
import type { MissReason } from '../report/events.ts'
import type { Fetched } from '../store/store.ts'
import { capturedTag } from '../tags/captured-tag.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import type { TagState } from '../tags/tag.ts'
import { isOptional, type RecordedNonces } from './recorded-nonces.ts'

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
  /** Time until the entry expires, in milliseconds. Zero or less: it has expired. */
  readonly remaining: number
  readonly epoch: string
  /** Tag name to the nonce it had before the load. */
  readonly nonces: RecordedNonces
  /** False if the key, the codec or the format differs: the entry belongs to another read. */
  readonly belongsToRead: boolean
}

/** Whether an entry may be served, and if not, why. */
export type Freshness =
  | { readonly kind: 'hit' }
  | { readonly kind: 'dirty' }
  | { readonly kind: 'miss'; readonly reason: Exclude<MissReason, 'too-large'> }

/**
 * The freshness rule. An entry is served if it belongs to this read, has not expired, and recorded exactly the tags of the
 * read, each present, clean and unchanged. While a tag is dirty on which the read depends in any case, nothing may be stored
 * either. Tags come before expiry: `'expired'` says that nothing but its age is wrong with the entry. Pure.
 */
export function decideFreshness(
  entry: EntryState | undefined,
  tags: readonly ObservedTag[],
  epoch: string,
): Freshness {
  if (tags.some((tag) => tag.dirty && (!tag.optional || entry?.nonces.has(tag.name)))) {
    // An entry that recorded an optional tag which is now dirty is unusable. The read may load without it.
    return tags.some((tag) => tag.dirty && !tag.optional) ? DIRTY : INVALIDATED
  }
  if (!entry?.belongsToRead) return { kind: 'miss', reason: 'miss' }
  if (entry.epoch !== epoch || !unchanged(entry, tags)) return INVALIDATED
  return entry.remaining > 0 ? HIT : EXPIRED
}

export const HIT: Freshness = { kind: 'hit' }
const DIRTY: Freshness = { kind: 'dirty' }
export const EXPIRED: Freshness = { kind: 'miss', reason: 'expired' }
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

/**
 * True if {@link decideFreshness} would find nothing wrong with the entry but perhaps its age. It is what nearly every hit
 * needs, without a list of the tags. Where it is false, the rule decides. Pure.
 */
export function isUnchanged(
  entry: EntryState,
  tags: readonly ReadTag[],
  fetched: Fetched,
  writing: ReadonlySet<string>,
): boolean {
  const recorded = entry.nonces.inOrderOf(tags, fetched)
  if (!recorded || !entry.belongsToRead || entry.epoch !== fetched.epoch || writing.size) return false
  let from = 0
  for (let index = 0; index < tags.length; index++) {
    const { fields, cells } = tags[index] as ReadTag
    const reply = fetched.tags[index]
    if (!reply || !areUnchanged(fields.length, reply.fields, recorded, from)) return false
    from += fields.length
    if (!areUnchanged(cells.length, reply.cells, recorded, from)) return false
    from += cells.length
  }
  return true
}

/** @param from where the nonces of these states begin in `recorded`. */
function areUnchanged(
  count: number,
  states: readonly TagState[],
  recorded: readonly (string | undefined)[],
  from: number,
): boolean {
  for (let at = 0; at < count; at++) {
    const nonce = recorded[from + at]
    if (nonce === undefined) continue
    const state = states[at]
    if (!state || state.dirty || state.nonce !== nonce) return false
  }
  return true
}

/** The tags of a read as one fetch found them, in the order of the request. */
export type ObservedTags = readonly ObservedTag[]

/**
 * Pairs the requested tags with a reply.
 * @param writing records to which this process is writing: their `list` is dirty, even if the store has no mark.
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
    for (let at = 0; at < names.length; at++) {
      const state = at < fields.length ? reply?.fields[at] : reply?.cells[at - fields.length]
      const list = at === 0 && tag.list !== 'no'
      const dirty = state?.dirty === true || (list && writing.has(tag.record))
      observedTags.push({
        name: names[at] as string,
        nonce: state?.nonce,
        dirty,
        optional: isOptional(tag, at),
      })
    }
  }
  return observedTags
}

/** Returns the names of all tags of a read, for events and `explain`. */
export function namesOf(tags: readonly ReadTag[]): readonly string[] {
  return tags.flatMap((tag) => tag.names)
}

/** True if a tag is missing and must be created before the load. */
export function hasMissing(observedTags: ObservedTags): boolean {
  return observedTags.some((tag) => tag.nonce === undefined)
}

/** Returns the tags that only the entry names: cells of rows in its result, and what its load captured. */
export function resultCellsOf(header: Pick<EntryHeader, 'tags'>): readonly ResultCells[] {
  if (!header.tags.some(({ resultCells, captured }) => captured || resultCells.length)) return NOTHING
  return header.tags
    .filter(({ resultCells, captured }) => captured || resultCells.length)
    .map(({ record, fields, cells, resultCells, captured }) =>
      captured
        ? { record, fields: fields.map(nameOf), cells: cells.map(nameOf) }
        : { record, cells: resultCells.map(nameOf) },
    )
}

const nameOf = ([name]: EntryTag): string => name

const NOTHING: readonly ResultCells[] = []

/** Adds result dependencies to the tags of a read. Called for every hit, so the last result is remembered. */
export function withResultCells(
  tags: readonly ReadTag[],
  resultCells: readonly ResultCells[],
): readonly ReadTag[] {
  if (!resultCells.length) return tags
  const last = tagsByRequest.get(resultCells)
  if (last?.tags === tags) return last.all
  const all = joined(tags, resultCells)
  tagsByRequest.set(resultCells, { tags, all })
  return all
}

/** Keyed by the list of cells that belongs to an entry. */
const tagsByRequest = new WeakMap<
  readonly ResultCells[],
  { readonly tags: readonly ReadTag[]; readonly all: readonly ReadTag[] }
>()

function joined(tags: readonly ReadTag[], resultCells: readonly ResultCells[]): readonly ReadTag[] {
  const observed = tags.map((tag) => {
    const named = resultCells.find(({ record, fields }) => !fields && record === tag.record)?.cells ?? []
    const more = named.filter((cell) => !tag.cells.includes(cell))
    if (!more.length) return tag
    const { record, fields, list } = tag
    const [cells, names] = [
      [...tag.cells, ...more],
      [...tag.names, ...more],
    ]
    // Not spread: the properties of a tag may be accessors of its class.
    return {
      record,
      fields,
      cells,
      list,
      names,
      resultCells: more.length,
      insteadOfList: (result: unknown) => tag.insteadOfList(result),
    }
  })
  const captured = resultCells.flatMap(({ record, fields, cells }) =>
    fields ? [capturedTag(record, fields, cells)] : [],
  )
  return captured.length ? [...observed, ...captured] : observed
}
