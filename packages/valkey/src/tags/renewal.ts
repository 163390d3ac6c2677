import type { Renewal, TagRequest } from '@larder/core/store'
import type { TagChanges } from './change-tags.ts'

/** Names remembered at most; a forgotten one is renewed once more than needed. */
const MOST_NAMES = 10_000
/** Share of a lifetime that may pass before a tag is renewed again: three quarters, half as much again as an entry lives. */
const DUE = 1 / 4

/**
 * What this process prolonged lately: a tag must outlive the entries that name it, but not every fill needs to say so.
 * Records and cells have lifetimes; fields live with their record.
 */
export interface Renewals {
  /** The part of the tags that must be prolonged now. It counts as prolonged from this call on. */
  due(renewal: Renewal): readonly TagRequest[]
  /** These were just prolonged by a seed. */
  done(tags: readonly TagRequest[], lifetime: number): void
  /** Prolonging these failed, or is not known to have worked. */
  forget(tags: readonly TagRequest[]): void
  /** The server lost what it had. */
  clear(): void
}

/** @param now monotonic milliseconds. */
export function createRenewals(
  now: () => number = () => performance.now(),
  most: number = MOST_NAMES,
): Renewals {
  /** Name to the end of its life, the one renewed longest ago first. */
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
        const known = ends.get(name)
        if (known !== undefined && known >= end - lifetime * DUE) return false
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

/** Prolongs the part of the tags that nobody here prolonged lately. A failure costs misses, later, and no more. */
export function renewTags(tags: TagChanges, renewals: Renewals, renewal: Renewal): void {
  for (const request of renewals.due(renewal))
    tags.seed(request, renewal.lifetime).catch(() => renewals.forget([request]))
}
