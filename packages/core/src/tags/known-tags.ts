import { createBounded } from '../base/bounded-map.ts'
import type { Occurrence } from '../plan/plan.ts'
import type { ReadTag } from './read-tags.ts'

/** Derives the tags of a read. Pure. */
export type DeriveTags = (
  occurrences: readonly Occurrence[],
  userTags: readonly string[],
  around?: string,
) => readonly ReadTag[]

/** The same, remembered by the name of the entry. The tags that it returns read no dependencies off a result. */
export type KnownTags = (name: string, ...parts: Parameters<DeriveTags>) => readonly ReadTag[]

interface RememberedTags {
  readonly occurrences: readonly Occurrence[]
  readonly userTags: readonly string[]
  readonly around: string | undefined
  readonly tags: readonly ReadTag[]
}

/**
 * Remembers the tags that `derive` returned. The same query may need other tags next time, under another policy or as raw SQL
 * with other tables. So the inputs are compared, with a copy that the host cannot change and that keeps no result reader alive.
 */
export function rememberTags(derive: DeriveTags, most: number): KnownTags {
  const rememberedTags = createBounded<RememberedTags>(most)
  return (name, occurrences, userTags, around) => {
    const remembered = rememberedTags.recent.get(name) ?? rememberedTags.get(name)
    if (
      remembered &&
      remembered.around === around &&
      sameAll(remembered.occurrences, occurrences) &&
      sameTexts(remembered.userTags, userTags)
    )
      return remembered.tags
    const copies = occurrences.map(copyOf)
    const tags = derive(copies, userTags, around)
    rememberedTags.set(name, { occurrences: copies, userTags: [...userTags], around, tags })
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

// By identity: two Date objects are never the same, so their tags are derived again.
function sameTexts(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}
