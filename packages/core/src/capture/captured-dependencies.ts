import type { EntryTag, EntryTags } from '../codec/envelope.ts'
import { type ObservedTags, observeTags } from '../entry/observed-tags.ts'
import type { CapturedTags, Contribution, Refusal } from '../plan/contribution.ts'
import type { Fetched } from '../store/store.ts'
import { capturedTag } from '../tags/captured-tag.ts'
import type { ReadTag } from '../tags/read-tags.ts'
import { fieldName, LIST } from '../tags/spelling.ts'

/** A table of which more tags were captured is recorded as a whole: this many are read in one instant. */
const MOST_OF_TABLE = 100
/** Tags that one computed value may record. */
export const MOST_RECORDED = 1_000

/** What a captured load depends on, or why its value is not stored. */
export type CapturedOutcome =
  | { readonly refusal: Refusal; readonly dependencies?: undefined }
  | { readonly refusal?: undefined; readonly dependencies: CapturedDependencies }

/** What the reads of one load depend on. */
export interface CapturedDependencies {
  /** What another load that reads this value depends on. */
  readonly contribution: Contribution | undefined
  /** The tags to look at again before the value is stored, after those that it depends on in any case. */
  readonly tags: readonly ReadTag[]
  /** True if {@link tags} must be seeded: some of them were not read before. */
  readonly seeded: boolean
  /**
   * The tags to record, if none has moved since the reads saw it.
   * @param after the reply for {@link tags}, and the epoch of it.
   */
  confirm(after: Fetched, writing: ReadonlySet<string>): readonly EntryTags[] | undefined
}

export interface CollectedRecord {
  readonly record: string
  /** Nonces by the name of the field, or of the cell. */
  readonly fields: Map<string, string>
  readonly cells: Map<string, string>
  readonly resultCells: Set<string>
  /** The nonce of `list` that covers {@link resultCells}. */
  list: string | undefined
}

/** Undefined: there are too many to record. */
export function dependenciesOf(
  collected: readonly CollectedRecord[],
  place: unknown,
  epoch: string | undefined,
): CapturedDependencies | undefined {
  const parts = collected.map(partOf)
  if (parts.reduce((sum, { recorded }) => sum + recorded, 0) > MOST_RECORDED) return undefined
  const tags = parts.map(({ tag }) => tag)
  return {
    tags,
    seeded: parts.some(({ seeded }) => seeded),
    contribution: epoch === undefined ? undefined : { place, epoch, tags: collected.map(capturedTagsOf) },
    confirm(after, writing) {
      if (epoch !== undefined && after.epoch !== epoch) return undefined
      const nonceOf = cleanNonces(observeTags(tags, after, writing))
      const confirmed = parts.map((part) => part.confirm(nonceOf))
      return confirmed.every((part) => part !== undefined) ? confirmed : undefined
    },
  }
}

function capturedTagsOf({ record, fields, cells, resultCells, list = '' }: CollectedRecord): CapturedTags {
  const named = resultCells.size ? { resultCells: { cells: [...resultCells], list } } : {}
  return { record, fields: [...fields], cells: [...cells], ...named }
}

interface Part {
  readonly tag: ReadTag
  readonly seeded: boolean
  /** Tags to record. */
  readonly recorded: number
  confirm(nonceOf: (name: string) => string): EntryTags | undefined
}

/**
 * One record. Where `list` is a dependency anyway, or where there are too many others, it is recorded alone, for every write
 * changes it. It is read before the cells, and these must still be what the reads saw: so the value is right at that instant.
 */
function partOf({ record, fields, cells, resultCells, list }: CollectedRecord): Part {
  const unseen = [...resultCells].filter((cell) => !cells.has(cell))
  const count = fields.size + cells.size + unseen.length
  const whole = fields.has(LIST) || count > MOST_OF_TABLE
  const needsList = whole || resultCells.size > 0
  const names = [...fields.keys()].filter((field) => field !== LIST)
  const requested = needsList ? [LIST, ...names] : names
  const askedCells = [...unseen, ...cells.keys()]
  return {
    tag: capturedTag(record, requested, askedCells),
    seeded: unseen.length > 0 || (whole && !fields.has(LIST)),
    recorded: whole ? 1 : count,
    confirm(nonceOf) {
      const same = (name: string, nonce: string): boolean => nonce !== '' && nonceOf(name) === nonce
      for (const [field, nonce] of fields) if (!same(fieldName(record, field), nonce)) return undefined
      for (const [cell, nonce] of cells) if (!same(cell, nonce)) return undefined
      if (resultCells.size && !same(fieldName(record, LIST), list ?? '')) return undefined
      const now = (name: string, key = name): EntryTag => [name, nonceOf(key)]
      const recorded: EntryTags = whole
        ? { record, fields: [now(LIST, fieldName(record, LIST))], cells: [], resultCells: [], captured: true }
        : {
            record,
            fields: [...fields],
            cells: [...cells, ...unseen.map((cell) => now(cell))],
            resultCells: [],
            captured: true,
          }
      return [...recorded.fields, ...recorded.cells].every(([, nonce]) => nonce) ? recorded : undefined
    },
  }
}

/** Returns the nonce of a tag by name. Empty if the tag is dirty or missing. */
function cleanNonces(observedTags: ObservedTags): (name: string) => string {
  const byName = new Map(observedTags.map(({ name, dirty, nonce = '' }) => [name, dirty ? '' : nonce]))
  return (name) => byName.get(name) ?? ''
}

/**
 * Adds what a load captured to what its read depends on anyway, without repeating it. Undefined if the two disagree. Where
 * `list` of a table is a dependency anyway, nothing else of that table needs to be.
 */
export function withCaptured(
  own: readonly EntryTags[],
  captured: readonly EntryTags[],
): readonly EntryTags[] | undefined {
  const tagsByRecord = new Map(own.map((tags) => [tags.record, tags]))
  const more: EntryTags[] = []
  for (const tags of captured) {
    const same = tagsByRecord.get(tags.record)
    const list = same?.fields.find(([field]) => field === LIST)
    const again = tags.fields.find(([field]) => field === LIST)
    if (list && again && list[1] !== again[1]) return undefined
    // A tag of the user is its own record, and its only cell.
    if (!list && !(same && !same.fields.length)) more.push(tags)
  }
  return [...own, ...more]
}
