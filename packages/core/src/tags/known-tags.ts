import { createBounded } from '../base/bounded-map.ts'
import type { Occurrence } from '../plan/plan.ts'
import type { ReadTag } from './read-tags.ts'

/** Derives the tags of a read. Pure. */
export type DeriveTags = (
  occurrences: readonly Occurrence[],
  userTags: readonly string[],
  around?: string,
) => readonly ReadTag[]

/** The same for reads that were asked before, by the name of their entry; none of them resultKeys anything from a result. */
export type KnownTags = (name: string, ...parts: Parameters<DeriveTags>) => readonly ReadTag[]

interface Known {
  readonly occurrences: readonly Occurrence[]
  readonly userTags: readonly string[]
  readonly around: string | undefined
  readonly tags: readonly ReadTag[]
}

/**
 * Remembers what `derive` found. One query may be read with other tags next time (another policy, a raw query whose
 * caller names other tables), so what they were derived from is compared. It is compared with a copy, which
 * whoever made the plan cannot change, and which does not keep the results' readers alive.
 */
export function rememberTags(derive: DeriveTags, most: number): KnownTags {
  const known = createBounded<Known>(most)
  return (name, occurrences, userTags, around) => {
    const found = known.recent.get(name) ?? known.get(name)
    if (
      found &&
      found.around === around &&
      sameAll(found.occurrences, occurrences) &&
      sameTexts(found.userTags, userTags)
    )
      return found.tags
    const own = occurrences.map(copyOf)
    const tags = derive(own, userTags, around)
    known.set(name, { occurrences: own, userTags: [...userTags], around, tags })
    return tags
  }
}

function copyOf({ table, pins, resultDependency }: Occurrence): Occurrence {
  return {
    table,
    ...(pins && {
      pins: Object.fromEntries(Object.entries(pins).map(([column, values]) => [column, [...values]])),
    }),
    ...(resultDependency && {
      resultDependency: {
        columns: [...resultDependency.columns],
        found: resultDependency.found,
        values: nothing,
      },
    }),
  }
}

const nothing = (): undefined => undefined

function sameAll(a: readonly Occurrence[], b: readonly Occurrence[]): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (!same(a[at], b[at])) return false
  return true
}

function same(a: Occurrence | undefined, b: Occurrence | undefined): boolean {
  if (a?.table !== b?.table || !isSameDependency(a?.resultDependency, b?.resultDependency)) return false
  const [ours, theirs] = [a?.pins, b?.pins]
  if (!ours || !theirs) return ours === theirs
  let count = 0
  for (const column in theirs) {
    const [mine, other] = [ours[column], theirs[column]]
    if (!mine || !other || !sameTexts(mine, other)) return false
    count++
  }
  for (const _ in ours) count--
  return count === 0
}

function isSameDependency(a: Occurrence['resultDependency'], b: Occurrence['resultDependency']): boolean {
  return a === b || (a?.found === b?.found && sameTexts(a?.columns ?? [], b?.columns ?? []))
}

// By identity: a Date or another object is never the same, and is derived anew.
function sameTexts(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}
