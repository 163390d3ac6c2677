import type { EntryTag, EntryTags } from '../codec/envelope.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { ResultCells } from '../tags/result-tags.ts'
import { fieldName, LIST } from '../tags/spelling.ts'
import { type ObservedTag, type ObservedTags, observeTags } from './observed-tags.ts'

/** What an entry is to record of its tags. */
export interface RecordedTags {
  /** Those known before the load, with the nonces they had then. */
  readonly tags: readonly EntryTags[]
  /** Cells that the result named, and that nobody has looked at. */
  readonly resultCells: readonly ResultCells[]
}

/**
 * What an entry must record of its tags, with their nonces from before the load. A read whose result shows its rows does
 * not depend on its table's list. Undefined when a tag it depends on was dirty.
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
      // What happens to these rows until somebody looks at their cells, only `list` can tell.
      if (!nonceOf(fieldName(record, LIST))) return undefined
      resultCells.push({ record, cells: named })
    }
    const one: EntryTags = {
      record,
      fields: fields.map((field): EntryTag => [field, nonceOf(fieldName(record, field))]),
      cells: cells.map((cell): EntryTag => [cell, nonceOf(cell)]),
      resultCells: [],
    }
    if ([...one.fields, ...one.cells].some(([, nonce]) => !nonce)) return undefined
    recorded.push(one)
  }
  return { tags: recorded, resultCells }
}

/** The tags before a load, and what was answered after it. */
export interface TagsAfterLoad {
  readonly tags: readonly ReadTag[]
  readonly before: ObservedTags
  readonly epoch: string
  /** Answers to `tags`; if something was learned, of a seeding. */
  readonly after: Fetched
  /** Records this process is writing to now. */
  readonly writing: ReadonlySet<string>
}

/**
 * The tags to record after all, if every one of them is still clean and as it was before the load. A learned cell has
 * the nonce of its seeding. That covers the time before, because the seeding also saw `list` of its table clean and as
 * it was before the load: every write marks that first and changes it last. (Nonces looked up any later than `list`
 * would not do: a write and somebody else's seeding may lie in between.)
 */
export function confirmTags(
  recorded: RecordedTags,
  { tags, before, epoch, after, writing }: TagsAfterLoad,
): readonly EntryTags[] | undefined {
  if (after.epoch !== epoch) return undefined
  const was = cleanNonces(before)
  const is = cleanNonces(observeTags(tags, after, writing))
  const same = (name: string, nonce: string): boolean => nonce !== '' && is(name) === nonce
  const held: EntryTags[] = []
  for (const one of recorded.tags) {
    const { record, fields, cells } = one
    if (!fields.every(([field, nonce]) => same(fieldName(record, field), nonce))) return undefined
    if (!cells.every(([cell, nonce]) => same(cell, nonce))) return undefined
    const named = recorded.resultCells.find((other) => other.record === record)?.cells ?? []
    const list = fieldName(record, LIST)
    const resultCells = named.map((cell): EntryTag => [cell, is(cell)])
    if (resultCells.length && (!same(list, was(list)) || resultCells.some(([, nonce]) => !nonce)))
      return undefined
    held.push({ ...one, resultCells })
  }
  return held
}

/** The nonce of a tag; empty where it is dirty or missing. */
function cleanNonces(observedTags: ObservedTags): (name: string) => string {
  const byName = new Map(observedTags.map((tag) => [tag.name, clean(tag)]))
  return (name) => byName.get(name) ?? ''
}

function clean({ dirty, nonce }: ObservedTag): string {
  return dirty ? '' : (nonce ?? '')
}
