import type { EntryTag, EntryTags } from '../codec/envelope.ts'
import type { Fetched } from '../store/store.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import type { LearnedCells } from '../tags/result-tags.ts'
import { fieldName, LIST } from '../tags/spelling.ts'
import type { TagSight } from './freshness.ts'
import { sightsOf, type TagSights } from './observed-tags.ts'

/** What an entry is to record of its tags. */
export interface Recorded {
  /** Those known before the load, with the nonces they had then. */
  readonly tags: readonly EntryTags[]
  /** Cells that the result named, and that nobody has looked at. */
  readonly learned: readonly LearnedCells[]
}

/**
 * What an entry must record of its tags, with their nonces from before the load. A read whose result shows its rows does
 * not depend on its table's list. Undefined when a tag it depends on was dirty.
 */
export function recordedTags(
  tags: readonly ReadTag[],
  sights: TagSights,
  result: unknown,
): Recorded | undefined {
  const nonceOf = cleanNonces(sights)
  const learned: LearnedCells[] = []
  const recorded: EntryTags[] = []
  for (const tag of tags) {
    const { record, cells } = tag
    const named = tag.insteadOfList(result)
    const fields = named ? tag.fields.filter((field) => field !== LIST) : tag.fields
    if (named?.length) {
      // What happens to these rows until somebody looks at their cells, only `list` can tell.
      if (!nonceOf(fieldName(record, LIST))) return undefined
      learned.push({ record, cells: named })
    }
    const one: EntryTags = {
      record,
      fields: fields.map((field): EntryTag => [field, nonceOf(fieldName(record, field))]),
      cells: cells.map((cell): EntryTag => [cell, nonceOf(cell)]),
      learned: [],
    }
    if ([...one.fields, ...one.cells].some(([, nonce]) => !nonce)) return undefined
    recorded.push(one)
  }
  return { tags: recorded, learned }
}

/** The tags before a load, and what was answered after it. */
export interface Held {
  readonly tags: readonly ReadTag[]
  readonly before: TagSights
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
export function heldThrough(
  recorded: Recorded,
  { tags, before, epoch, after, writing }: Held,
): readonly EntryTags[] | undefined {
  if (after.epoch !== epoch) return undefined
  const was = cleanNonces(before)
  const is = cleanNonces(sightsOf(tags, after, writing))
  const same = (name: string, nonce: string): boolean => nonce !== '' && is(name) === nonce
  const held: EntryTags[] = []
  for (const one of recorded.tags) {
    const { record, fields, cells } = one
    if (!fields.every(([field, nonce]) => same(fieldName(record, field), nonce))) return undefined
    if (!cells.every(([cell, nonce]) => same(cell, nonce))) return undefined
    const named = recorded.learned.find((other) => other.record === record)?.cells ?? []
    const list = fieldName(record, LIST)
    const learned = named.map((cell): EntryTag => [cell, is(cell)])
    if (learned.length && (!same(list, was(list)) || learned.some(([, nonce]) => !nonce))) return undefined
    held.push({ ...one, learned })
  }
  return held
}

/** The nonce of a tag; empty where it is dirty or missing. */
function cleanNonces(sights: TagSights): (name: string) => string {
  const byName = new Map(sights.map((tag) => [tag.name, clean(tag)]))
  return (name) => byName.get(name) ?? ''
}

function clean({ dirty, nonce }: TagSight): string {
  return dirty ? '' : (nonce ?? '')
}
