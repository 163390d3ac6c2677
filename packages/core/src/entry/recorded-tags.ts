import type { EntryTag, EntryTags } from '../codec/envelope.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import { fieldName, LIST } from '../tags/spelling.ts'
import { type ObservedTag, type ObservedTags, observeTags } from './observed-tags.ts'

/** The tags that an entry records. */
export interface RecordedTags {
  /** Tags known before the load, with the nonces they had then. */
  readonly tags: readonly EntryTags[]
  /** Cells that only the result named. Their state is not known yet. */
  readonly resultCells: readonly ResultCells[]
}

/**
 * Returns the tags that an entry records, with their nonces from before the load. A read whose result contains its rows does
 * not depend on the list of the table. Undefined if a tag on which it depends was dirty.
 */
export function recordTags(
  tags: readonly ReadTag[],
  observedTags: ObservedTags,
  result: unknown,
): RecordedTags | undefined {
  const nonceOf = cleanNonces(observedTags)
  const resultCells: ResultCells[] = []
  const recorded: EntryTags[] = []
  for (const tag of tags) {
    const { record, cells } = tag
    const named = tag.insteadOfList(result)
    const fields = named ? tag.fields.filter((field) => field !== LIST) : tag.fields
    if (named?.length) {
      // Until the cells of these rows are read, only `list` shows whether the rows change.
      if (!nonceOf(fieldName(record, LIST))) return undefined
      resultCells.push({ record, cells: named })
    }
    const entryTags: EntryTags = {
      record,
      fields: fields.map((field): EntryTag => [field, nonceOf(fieldName(record, field))]),
      cells: cells.map((cell): EntryTag => [cell, nonceOf(cell)]),
      resultCells: [],
    }
    if ([...entryTags.fields, ...entryTags.cells].some(([, nonce]) => !nonce)) return undefined
    recorded.push(entryTags)
  }
  return { tags: recorded, resultCells }
}

/** The tags before a load, and the reply after it. */
export interface TagsAfterLoad {
  readonly tags: readonly ReadTag[]
  readonly before: ObservedTags
  readonly epoch: string
  /** The reply for `tags`. It comes from a seed if the result named cells. */
  readonly after: Fetched
  /** Records to which this process is writing now. */
  readonly writing: ReadonlySet<string>
}

/**
 * Returns the tags to record if each of them is still clean and unchanged since before the load. A cell that only the result
 * named gets the nonce of its seed. That is safe for the time before the seed, because the seed also found `list` of the
 * table clean and unchanged, and every write marks `list` first and changes it last. A nonce read later than `list` would not
 * be safe: a write and another seed could lie in between.
 */
export function confirmTags(
  recorded: RecordedTags,
  { tags, before, epoch, after, writing }: TagsAfterLoad,
): readonly EntryTags[] | undefined {
  if (after.epoch !== epoch) return undefined
  const was = cleanNonces(before)
  const is = cleanNonces(observeTags(tags, after, writing))
  const same = (name: string, nonce: string): boolean => nonce !== '' && is(name) === nonce
  const confirmed: EntryTags[] = []
  for (const entryTags of recorded.tags) {
    const { record, fields, cells } = entryTags
    if (!fields.every(([field, nonce]) => same(fieldName(record, field), nonce))) return undefined
    if (!cells.every(([cell, nonce]) => same(cell, nonce))) return undefined
    const named = recorded.resultCells.find((other) => other.record === record)?.cells ?? []
    const list = fieldName(record, LIST)
    const resultCells = named.map((cell): EntryTag => [cell, is(cell)])
    if (resultCells.length && (!same(list, was(list)) || resultCells.some(([, nonce]) => !nonce)))
      return undefined
    confirmed.push({ ...entryTags, resultCells })
  }
  return confirmed
}

/** Returns the nonce of a tag by name. Empty if the tag is dirty or missing. */
function cleanNonces(observedTags: ObservedTags): (name: string) => string {
  const byName = new Map(observedTags.map((tag) => [tag.name, clean(tag)]))
  return (name) => byName.get(name) ?? ''
}

function clean({ dirty, nonce }: ObservedTag): string {
  return dirty ? '' : (nonce ?? '')
}
