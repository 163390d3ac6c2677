import type { EntryHeader } from '../codec/envelope.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { LearnedCells } from '../tags/result-tags.ts'
import { fieldName } from '../tags/spelling.ts'
import type { TagSight } from './freshness.ts'

/** The tags of a read as one fetch saw them, in the order of the requests. */
export type TagSights = readonly TagSight[]

/**
 * Pairs what was asked with what was answered. `writing` are records this process is writing to: their `list` counts
 * as dirty, whether the store was told or not.
 */
export function sightsOf(
  tags: readonly ReadTag[],
  fetched: Fetched,
  writing: ReadonlySet<string>,
): TagSights {
  const sights: TagSight[] = []
  for (let index = 0; index < tags.length; index++) {
    const tag = tags[index] as ReadTag
    const reply = fetched.tags[index]
    const { names, fields } = tag
    const certain = names.length - (tag.learned ?? 0)
    for (let at = 0; at < names.length; at++) {
      const state = at < fields.length ? reply?.fields[at] : reply?.cells[at - fields.length]
      const list = at === 0 && tag.list !== 'no'
      const dirty = state?.dirty === true || (list && writing.has(tag.record))
      sights.push({
        name: names[at] as string,
        nonce: state?.nonce,
        dirty,
        optional: at >= certain || (list && tag.list === 'maybe'),
      })
    }
  }
  return sights
}

/** Names of all tags of a read, as events and `explain` show them. */
export function namesOf(tags: readonly ReadTag[]): readonly string[] {
  return tags.flatMap((tag) => tag.names)
}

/** True if a tag must be seeded before the load. */
export function someMissing(sights: TagSights): boolean {
  return sights.some((tag) => tag.nonce === undefined)
}

/** Tag name to nonce, as an entry recorded them. */
export function noncesOf(header: Pick<EntryHeader, 'tags'>): ReadonlyMap<string, string> {
  return new Map(
    header.tags.flatMap(({ record, fields, cells, learned }) => [
      ...fields.map(([field, nonce]) => [fieldName(record, field), nonce] as const),
      ...cells,
      ...learned,
    ]),
  )
}

/** What an entry says it learned from its result. */
export function learnedOf(header: Pick<EntryHeader, 'tags'>): readonly LearnedCells[] {
  if (!header.tags.some(({ learned }) => learned.length)) return NOTHING
  return header.tags
    .filter(({ learned }) => learned.length)
    .map(({ record, learned }) => ({ record, cells: learned.map(([cell]) => cell) }))
}

const NOTHING: readonly LearnedCells[] = []
