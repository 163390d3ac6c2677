import type { Occurrence, Pins } from '../plan/plan.ts'
import type { Schema, Table } from '../plan/table.ts'
import { type ResultKey, resultCells, resultKeyOf } from './result-tags.ts'
import {
  AROUND,
  cellName,
  fieldName,
  LIST,
  type NamedKey,
  namedKeys,
  recordName,
  userTagName,
} from './spelling.ts'
import type { TagRequest } from './tag.ts'
import { own, tuplesOf } from './value.ts'

/** Where tags live: part of every tag's name. */
export interface TagSpace {
  readonly namespace: string
  readonly database: string
}

/** Tags of one table that a read may depend on. Where `list` is fetched it is the first field. */
export interface ReadTag extends TagRequest {
  /**
   * - `depends`: the result depends on `list`.
   * - `maybe`: `list` is fetched, and the result depends on it unless it shows the rows.
   * - `no`: pinned by a key that is not unique; `list` is not even fetched.
   */
  readonly list: 'depends' | 'maybe' | 'no'
  /** Names of the fields, then of the cells, as entries and events spell them. */
  readonly names: readonly string[]
  /** How many of the cells, the last ones, an entry may have learned from its result. */
  readonly resultCells?: number
  /** Only an entry names this tag, because its load read what depends on it: none of its names need be recorded. */
  readonly captured?: true
  /**
   * For `maybe`: the cells of rows that the result names, perhaps none, if it does not depend on `list`; undefined if it
   * does.
   */
  insteadOfList(result: unknown): readonly string[] | undefined
}

/**
 * What a read depends on: one {@link ReadTag} per table or user tag, in a stable order. Pure.
 * @param around a table of which the read depends on the field `around` alone.
 */
export function tagsOfRead(
  space: TagSpace,
  schema: Schema,
  occurrences: readonly Occurrence[],
  userTags: readonly string[],
  around?: string,
): readonly ReadTag[] {
  const byTable = new Map<string, Collected>()
  const apart = around?.toLowerCase()
  for (const occurrence of occurrences)
    if (occurrence.table.toLowerCase() !== apart) collect(byTable, schema, occurrence)
  // What a view reads are other tables: their writes count as ever.
  for (const source of apart === undefined ? [] : viewSources(schema.tables.get(apart)))
    collect(byTable, schema, { table: source })
  const tags = [...byTable.values()].map((one) => spell(space, one))
  // A view among the others may read the same table: then the read depends on all of it.
  if (apart !== undefined && !byTable.has(apart)) tags.push(aroundTag(space, apart))
  tags.sort((a, b) => (a.record < b.record ? -1 : 1))
  for (const tag of [...new Set(userTags)].sort()) {
    const name = userTagName(space.namespace, tag)
    tags.push({ record: name, fields: [], cells: [name], list: 'no', names: [name], insteadOfList: never })
  }
  return tags
}

function aroundTag(space: TagSpace, table: string): ReadTag {
  const record = recordName(space.namespace, space.database, table)
  const names = [fieldName(record, AROUND)]
  return { record, fields: [AROUND], cells: [], list: 'no', names, insteadOfList: never }
}

interface Collected {
  readonly table: string
  /** An occurrence here depends on `list` whatever the result. */
  unpinned: boolean
  readonly pins: { pinned: Pinned; rows: Occurrence['rows'] }[]
  readonly resultKeys: ResultKey[]
}

function collect(byTable: Map<string, Collected>, schema: Schema, occurrence: Occurrence): void {
  const name = occurrence.table.toLowerCase()
  const table = schema.tables.get(name)
  const one = byTable.get(name) ?? { table: name, unpinned: false, pins: [], resultKeys: [] }
  const fresh = !byTable.has(name)
  byTable.set(name, one)
  const keyed = table && !table.reads.length ? table : undefined
  const pinned = keyed && pinnedBy(keyed, occurrence.pins)
  const learning = keyed && resultKeyOf(keyed, occurrence.resultDependency)
  // Where nobody counts the rows of a unique key, its values alone would never do without `list`.
  const uncounted = pinned?.key.unique && !occurrence.rows
  if (learning && (!pinned || uncounted)) one.resultKeys.push(learning)
  else if (pinned) one.pins.push({ pinned, rows: occurrence.rows })
  else one.unpinned = true
  // A view depends on what it reads; `fresh` also ends views that name each other.
  if (fresh) for (const source of viewSources(table)) collect(byTable, schema, { table: source })
}

function viewSources(table: Table | undefined): readonly string[] {
  return table?.reads ?? []
}

function spell(space: TagSpace, one: Collected): ReadTag {
  const record = recordName(space.namespace, space.database, one.table)
  const fields = new Set<string>()
  const cells = new Set<string>()
  const unique = one.pins.filter(({ pinned }) => pinned.key.unique)
  const list = one.unpinned ? 'depends' : unique.length || one.resultKeys.length ? 'maybe' : 'no'
  if (list !== 'no') fields.add(LIST)
  for (const { pinned } of one.pins) {
    fields.add(pinned.key.name)
    for (const tuple of pinned.tuples) cells.add(cellName(record, pinned.key, tuple))
  }
  if (list === 'maybe') for (const { key } of one.resultKeys) fields.add(key.name)
  return {
    record,
    fields: [...fields],
    cells: [...cells],
    list,
    names: [...[...fields].map((field) => fieldName(record, field)), ...cells],
    insteadOfList(result) {
      if (list !== 'maybe' || !unique.every((pin) => shows(pin, result))) return undefined
      return resultCells(record, one.resultKeys, cells, result)
    },
  }
}

function shows({ pinned, rows }: Collected['pins'][number], result: unknown): boolean {
  try {
    return pinned.distinct && rows?.(result) === pinned.tuples.length
  } catch {
    // A host that cannot count its rows must not fail the query that returned them.
    return false
  }
}

const never = (): undefined => undefined

/** An occurrence bound to some values of a lookup key. */
interface Pinned {
  readonly key: NamedKey
  /** One tuple of canonical texts per value, in the order of `key.columns`; distinct. */
  readonly tuples: readonly (readonly string[])[]
  /** True when no two pinned values folded into one: only then can returned rows be counted against them. */
  readonly distinct: boolean
}

/** The strongest key of `table` that `pins` determine wholly, if any. */
function pinnedBy(table: Table, pins: Pins | undefined): Pinned | undefined {
  if (!pins) return undefined
  for (const key of namedKeys(table)) {
    const found = tuplesOf(key.columns, (column) => own(pins, column.name))
    if (found) return { key, ...found }
  }
  return undefined
}
