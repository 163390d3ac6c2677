import type { EntryHeader, EntryTag, EntryTags } from '../codec/envelope.ts'
import type { TagSight } from '../policy/freshness.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import { fieldName, LIST } from '../tags/spelling.ts'

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
    for (let at = 0; at < names.length; at++) {
      const state = at < fields.length ? reply?.fields[at] : reply?.cells[at - fields.length]
      const list = at === 0 && tag.list !== 'no'
      const dirty = state?.dirty === true || (list && writing.has(tag.record))
      sights.push({
        name: names[at] as string,
        nonce: state?.nonce,
        dirty,
        optional: list && tag.list === 'maybe',
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

/**
 * What an entry must record of its tags, with their nonces from before the load. A unique lookup that shows a row for
 * every value it was pinned by does not depend on its table's list. Undefined when a tag it depends on was dirty.
 */
export function recordedTags(
  tags: readonly ReadTag[],
  sights: TagSights,
  result: unknown,
): readonly EntryTags[] | undefined {
  const byName = new Map(sights.map((tag) => [tag.name, tag]))
  const recorded = tags.map((tag): EntryTags => {
    const complete = tag.list === 'maybe' && tag.complete(result)
    const fields = complete ? tag.fields.filter((field) => field !== LIST) : tag.fields
    const note = (name: string, short: string): EntryTag => [short, clean(byName.get(name))]
    return {
      record: tag.record,
      fields: fields.map((field) => note(fieldName(tag.record, field), field)),
      cells: tag.cells.map((cell) => note(cell, cell)),
    }
  })
  return recorded.every(({ fields, cells }) => [...fields, ...cells].every(([, nonce]) => nonce))
    ? recorded
    : undefined
}

/** Tag name to nonce, as an entry recorded them. */
export function noncesOf(header: Pick<EntryHeader, 'tags'>): ReadonlyMap<string, string> {
  return new Map(
    header.tags.flatMap(({ record, fields, cells }) => [
      ...fields.map(([field, nonce]) => [fieldName(record, field), nonce] as const),
      ...cells,
    ]),
  )
}

/** True if every tag the entry is about to record is still clean and as it was before the load. */
export function heldThrough(
  header: Pick<EntryHeader, 'tags' | 'epoch'>,
  after: TagSights,
  epoch: string,
): boolean {
  const now = new Map(after.map((tag) => [tag.name, clean(tag)]))
  return header.epoch === epoch && [...noncesOf(header)].every(([name, nonce]) => now.get(name) === nonce)
}

function clean(tag: TagSight | undefined): string {
  return tag?.dirty ? '' : (tag?.nonce ?? '')
}
