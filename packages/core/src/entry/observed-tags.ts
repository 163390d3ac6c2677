import type { EntryHeader } from '../codec/envelope.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import { fieldName } from '../tags/spelling.ts'
import type { ObservedTag } from './freshness.ts'

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
