import type { Renewal, TagRequest } from '@larder/core/store'
import type { TagChanges } from './change-tags.ts'

/** How many names are kept. A name that is dropped is renewed once more than needed. */
const MOST_NAMES = 10_000
/** Share of a lifetime that may pass before a tag is renewed again. */
const DUE = 1 / 4

/**
 * Lifetimes of tags that this process extended recently. A tag must outlive the entries that depend on it, but not every load
 * has to extend it. Records and cells have lifetimes; fields live as long as their record.
 */
export interface Renewals {
  /** The tags that must be extended now. They count as extended from this call on. */
  due(renewal: Renewal): readonly TagRequest[]
  /** A seed has just extended these. */
  done(tags: readonly TagRequest[], lifetime: number): void
  /** Extending these failed, or may have failed. */
  forget(tags: readonly TagRequest[]): void
  /** A server may have lost its tags. */
  clear(): void
}

/** @param now monotonic milliseconds. */
export function createRenewals(
  now: () => number = () => performance.now(),
  most: number = MOST_NAMES,
): Renewals {
  /** Name to the end of its lifetime. The name renewed longest ago comes first. */
  const ends = new Map<string, number>()

  const renewed = (name: string, end: number): void => {
    ends.delete(name)
    ends.set(name, end)
    if (ends.size <= most) return
    const [oldest] = ends.keys()
    if (oldest !== undefined) ends.delete(oldest)
  }
  return {
    due({ tags, lifetime }) {
      const end = now() + lifetime
      const take = (name: string): boolean => {
        const previousEnd = ends.get(name)
        if (previousEnd !== undefined && previousEnd >= end - lifetime * DUE) return false
        renewed(name, end)
        return true
      }
      return tags.flatMap(({ record, fields, cells }): TagRequest[] => {
        const due = {
          record,
          fields: fields.length > 0 && take(record) ? fields : [],
          cells: cells.filter(take),
        }
        return due.fields.length || due.cells.length ? [due] : []
      })
    },
    done(tags, lifetime) {
      const end = now() + lifetime
      for (const name of namesOf(tags)) if ((ends.get(name) ?? 0) < end) renewed(name, end)
    },
    forget(tags) {
      for (const name of namesOf(tags)) ends.delete(name)
    },
    clear: () => ends.clear(),
  }
}

function namesOf(tags: readonly TagRequest[]): readonly string[] {
  return tags.flatMap(({ record, fields, cells }) => (fields.length ? [record, ...cells] : cells))
}

/** Extends the tags that were not extended recently. A failure costs misses later, never freshness. */
export function renewTags(tags: TagChanges, renewals: Renewals, renewal: Renewal): void {
  for (const request of renewals.due(renewal))
    tags.seed(request, renewal.lifetime).catch(() => renewals.forget([request]))
}
