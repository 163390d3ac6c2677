import { createBounded } from '../base/bounded-map.ts'
import { ownText } from '../base/own-text.ts'
import type { Occurrence } from '../plan/plan.ts'
import type { ReadTag } from './read-tags.ts'

/** Derives the tags of a read. Pure. */
export type DeriveTags = (
  occurrences: readonly Occurrence[],
  userTags: readonly string[],
  around?: string,
) => readonly ReadTag[]

/** The key of an entry, at which the tags of its reads are remembered. */
export interface KnownRead {
  readonly key: string
  /** Null: the key is made anew for each read. */
  known?: object | null | undefined
}

/** The same, remembered by the key of the entry. The tags that it returns read no dependencies off a result. */
export type KnownTags = (key: KnownRead, ...parts: Parameters<DeriveTags>) => readonly ReadTag[]

interface RememberedTags {
  readonly shape: Shape
  /** The values that the occurrences pin, one after the other. One value alone is not in a list, unless it is one. */
  readonly values: unknown
  readonly tags: readonly ReadTag[]
}

/** What of a read its tags depend on beside the values, the same object for all reads of one kind. */
interface Shape {
  readonly occurrences: readonly unknown[]
  readonly userTags: readonly string[]
  readonly around: string | undefined
}

/** Kinds of reads, and kinds of tags, whose shape is shared. */
const MOST_SHAPES = 1_000

/**
 * Remembers the tags that `derive` returned. The same query may need other tags next time, under another policy or as raw SQL
 * with other tables. So the inputs are compared, with a copy that the host cannot change and that keeps no result reader alive.
 * There are as many as keys, so each is small.
 * @param most reads remembered whose keys are made anew each time.
 */
export function rememberTags(derive: DeriveTags, most: number): KnownTags {
  const byName = createBounded<RememberedTags>(most)
  const shapeOf = createShapes()
  const compact = createCompaction()
  return (key, occurrences, userTags, around) => {
    const remembered = (key.known === null ? byName.get(key.key) : key.known) as RememberedTags | undefined
    if (
      remembered &&
      remembered.shape.around === around &&
      isSame(remembered, occurrences) &&
      sameTexts(remembered.shape.userTags, userTags)
    )
      return remembered.tags
    const tags = derive(occurrences.map(withoutReaders), userTags, around).map(compact)
    const values = occurrences.flatMap(({ pins }) => (pins ? Object.values(pins).flat().map(keptValue) : []))
    const known = {
      shape: shapeOf(occurrences, userTags, around),
      values: values.length === 1 && !Array.isArray(values[0]) ? values[0] : values,
      tags,
    }
    if (key.known === null) byName.set(key.key, known)
    else key.known = known
    return tags
  }
}

function withoutReaders({ table, pins, resultDependency }: Occurrence): Occurrence {
  return {
    table,
    ...(pins && { pins }),
    ...(resultDependency && { resultDependency: { ...resultDependency, values: nothing } }),
  }
}

const nothing = (): undefined => undefined

/** Many a value is a part of a request, all of which it would keep. */
function keptValue(value: unknown): unknown {
  return typeof value === 'string' ? ownText(value) : value
}

function createShapes(): (...parts: Parameters<DeriveTags>) => Shape {
  const shapes = createBounded<Shape>(MOST_SHAPES)
  return (occurrences, userTags, around) => {
    const listed = occurrences.flatMap(({ table, pins, resultDependency }) => [
      table,
      ...(pins ? Object.entries(pins).flatMap(([column, values]) => [column, values.length]) : []),
      pins !== undefined,
      resultDependency?.columns.length ?? -1,
      ...(resultDependency ? [...resultDependency.columns, resultDependency.found] : []),
    ])
    const name = JSON.stringify([listed, userTags, around])
    const known = shapes.get(name)
    if (known) return known
    const shape = { occurrences: listed, userTags: [...userTags], around }
    shapes.set(name, shape)
    return shape
  }
}

function isSame({ shape, values }: RememberedTags, occurrences: readonly Occurrence[]): boolean {
  let at = 0
  let valueAt = 0
  for (let index = 0; index < occurrences.length; index++) {
    const { table, pins, resultDependency } = occurrences[index] as Occurrence
    if (shape.occurrences[at++] !== table) return false
    for (const column in pins) {
      const given = pins[column] as readonly unknown[]
      if (shape.occurrences[at++] !== column || shape.occurrences[at++] !== given.length) return false
      if (!sameValues(values, valueAt, given)) return false
      valueAt += given.length
    }
    if (shape.occurrences[at++] !== (pins !== undefined)) return false
    if (!sameDependency(shape.occurrences, at, resultDependency)) return false
    at += resultDependency ? resultDependency.columns.length + 2 : 1
  }
  return at === shape.occurrences.length
}

/** By identity: two Date objects are never the same, so their tags are derived again. */
function sameValues(values: unknown, from: number, given: readonly unknown[]): boolean {
  if (!Array.isArray(values)) return given.length === 0 || given[0] === values
  for (let at = 0; at < given.length; at++) if (given[at] !== values[from + at]) return false
  return true
}

function sameDependency(
  listed: readonly unknown[],
  from: number,
  dependency: Occurrence['resultDependency'],
): boolean {
  if (!dependency) return listed[from] === -1
  const { columns, found } = dependency
  if (listed[from] !== columns.length || listed[from + columns.length + 1] !== found) return false
  for (let at = 0; at < columns.length; at++) if (listed[from + 1 + at] !== columns[at]) return false
  return true
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

type TagShape = Pick<ReadTag, 'record' | 'fields' | 'list'> & { readonly names: readonly string[] }

/** A tag of which only the cells are its own. It reads no dependencies off a result. */
class KnownTag implements ReadTag {
  readonly cells: readonly string[]
  private readonly shape: TagShape

  constructor(shape: TagShape, cells: readonly string[]) {
    this.cells = cells
    this.shape = shape
  }

  get record(): string {
    return this.shape.record
  }

  get fields(): readonly string[] {
    return this.shape.fields
  }

  get list(): ReadTag['list'] {
    return this.shape.list
  }

  get names(): readonly string[] {
    return this.shape.names.concat(this.cells)
  }

  insteadOfList(): undefined {
    return undefined
  }
}

function createCompaction(): (tag: ReadTag) => ReadTag {
  const shapes = createBounded<TagShape>(MOST_SHAPES)
  const shapeOf = ({ record, fields, list, names }: ReadTag): TagShape => {
    // No name of a field contains a space.
    const name = `${list} ${record} ${fields.join(' ')}`
    const known = shapes.get(name)
    if (known) return known
    const shape = { record, fields: [...fields], list, names: names.slice(0, fields.length) }
    shapes.set(name, shape)
    return shape
  }
  // A copy has no room to spare.
  return (tag) => new KnownTag(shapeOf(tag), tag.cells.slice())
}
