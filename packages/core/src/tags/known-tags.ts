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
  /** Everything in the occurrences, one value after the other: compared faster than objects in objects. */
  readonly signature: readonly unknown[]
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
      hasSignature(remembered.signature, occurrences) &&
      sameTexts(remembered.userTags, userTags)
    )
      return remembered.tags
    const copies = occurrences.map(copyOf)
    const tags = derive(copies, userTags, around)
    const signature = occurrences.flatMap(signatureOf)
    rememberedTags.set(name, { signature, userTags: [...userTags], around, tags })
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

/** A list of values follows its number, and no column is called `null` or `undefined`: each part ends where it ends. */
function signatureOf({ table, pins, resultDependency }: Occurrence): unknown[] {
  const signature: unknown[] = [table]
  for (const column in pins) signature.push(column, pins[column]?.length, ...(pins[column] ?? NOTHING))
  signature.push(pins ? null : undefined)
  const { found, columns } = resultDependency ?? {}
  signature.push(found, columns?.length, ...(columns ?? NOTHING))
  return signature
}

const NOTHING: readonly unknown[] = []

/** True if {@link signatureOf} of these occurrences is this list. It makes no list itself: every hit comes here. */
function hasSignature(signature: readonly unknown[], occurrences: readonly Occurrence[]): boolean {
  let at = 0
  for (let index = 0; index < occurrences.length && at !== NOWHERE; index++)
    at = afterOccurrence(signature, at, occurrences[index] as Occurrence)
  return at === signature.length
}

const NOWHERE = -1

/** Where what the occurrence says ends in the list, if it begins there. */
function afterOccurrence(
  signature: readonly unknown[],
  from: number,
  { table, pins, resultDependency }: Occurrence,
): number {
  if (signature[from] !== table) return NOWHERE
  let at = from + 1
  for (const column in pins) {
    if (signature[at] !== column) return NOWHERE
    at = afterList(signature, at + 1, pins[column])
    if (at === NOWHERE) return NOWHERE
  }
  if (signature[at] !== (pins ? null : undefined) || signature[at + 1] !== resultDependency?.found)
    return NOWHERE
  return afterList(signature, at + 2, resultDependency?.columns)
}

// Values are compared by identity: two Date objects are never the same, so their tags are derived again.
function afterList(
  signature: readonly unknown[],
  from: number,
  list: readonly unknown[] | undefined,
): number {
  if (signature[from] !== list?.length) return NOWHERE
  if (!list) return from + 1
  for (let at = 0; at < list.length; at++) if (signature[from + 1 + at] !== list[at]) return NOWHERE
  return from + 1 + list.length
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true
  return a.length === b.length && a.every((text, at) => text === b[at])
}
