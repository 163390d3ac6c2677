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

/** Part of the name of every tag. */
export interface TagSpace {
  readonly namespace: string
  readonly database: string
}

/** Tags of one table on which a read may depend. If `list` is fetched, it is the first field. */
export interface ReadTag extends TagRequest {
  /**
   * - `depends`: the result depends on `list`.
   * - `maybe`: `list` is fetched, and the result depends on it unless the result contains the rows.
   * - `no`: the read is pinned by a key that is not unique, and `list` is not fetched.
   */
  readonly list: 'depends' | 'maybe' | 'no'
  /** Names of the fields, then of the cells, as in entries and events. */
  readonly names: readonly string[]
  /** How many of the cells, counted from the end, are result dependencies of an entry. */
  readonly resultCells?: number
  /** Only an entry names this tag, because a read inside its load depends on it. Its names need not be recorded. */
  readonly captured?: true
  /**
   * For `maybe`: returns the cells of the rows in the result, possibly none. The result then does not depend on `list`. Undefined:
   * it does.
   */
  insteadOfList(result: unknown): readonly string[] | undefined
}

/**
 * Derives the tags of a read: one {@link ReadTag} per table or user tag, in a stable order. Pure.
 * @param around a table with `write: 'around'`. The read depends only on its field `around`.
 */
export function tagsOfRead(
  space: TagSpace,
  schema: Schema,
  occurrences: readonly Occurrence[],
  userTags: readonly string[],
  around?: string,
): readonly ReadTag[] {
  const byTable = new Map<string, Collected>()
  const aroundTable = around?.toLowerCase()
  for (const occurrence of occurrences)
    if (occurrence.table.toLowerCase() !== aroundTable) collect(byTable, schema, occurrence)
  // A view reads other tables, and the read depends on these as usual.
  for (const source of aroundTable === undefined ? [] : viewSources(schema.tables.get(aroundTable)))
    collect(byTable, schema, { table: source })
  const tags = [...byTable.values()].map((collected) => nameTags(space, collected))
  // If another view of the read uses the same table, the read depends on all of it.
  if (aroundTable !== undefined && !byTable.has(aroundTable)) tags.push(aroundTag(space, aroundTable))
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
  /** An occurrence of the table depends on `list`, whatever the result. */
  unpinned: boolean
  readonly pins: { pinned: Pinned; rows: Occurrence['rows'] }[]
  readonly resultKeys: ResultKey[]
}

function collect(byTable: Map<string, Collected>, schema: Schema, occurrence: Occurrence): void {
  const name = occurrence.table.toLowerCase()
  const table = schema.tables.get(name)
  const collected = byTable.get(name) ?? { table: name, unpinned: false, pins: [], resultKeys: [] }
  const fresh = !byTable.has(name)
  byTable.set(name, collected)
  const keyed = table && !table.reads.length ? table : undefined
  const pinned = keyed && pinnedBy(keyed, occurrence.pins)
  const resultKey = keyed && resultKeyOf(keyed, occurrence.resultDependency)
  // If nobody counts the rows of a unique key, its values alone always leave a dependency on `list`.
  const uncounted = pinned?.key.unique && !occurrence.rows
  if (resultKey && (!pinned || uncounted)) collected.resultKeys.push(resultKey)
  else if (pinned) collected.pins.push({ pinned, rows: occurrence.rows })
  else collected.unpinned = true
  // A view depends on the tables it reads. `fresh` also ends the recursion of views that name each other.
  if (fresh) for (const source of viewSources(table)) collect(byTable, schema, { table: source })
}

function viewSources(table: Table | undefined): readonly string[] {
  return table?.reads ?? []
}

function nameTags(space: TagSpace, collected: Collected): ReadTag {
  const record = recordName(space.namespace, space.database, collected.table)
  const fields = new Set<string>()
  const cells = new Set<string>()
  const unique = collected.pins.filter(({ pinned }) => pinned.key.unique)
  const list = collected.unpinned ? 'depends' : unique.length || collected.resultKeys.length ? 'maybe' : 'no'
  if (list !== 'no') fields.add(LIST)
  for (const { pinned } of collected.pins) {
    fields.add(pinned.key.name)
    for (const tuple of pinned.tuples) cells.add(cellName(record, pinned.key, tuple))
  }
  if (list === 'maybe') for (const { key } of collected.resultKeys) fields.add(key.name)
  return {
    record,
    fields: [...fields],
    cells: [...cells],
    list,
    names: [...[...fields].map((field) => fieldName(record, field)), ...cells],
    insteadOfList(result) {
      if (list !== 'maybe' || !unique.every((pin) => shows(pin, result))) return undefined
      return resultCells(record, collected.resultKeys, cells, result)
    },
  }
}

function shows({ pinned, rows }: Collected['pins'][number], result: unknown): boolean {
  try {
    return pinned.distinct && rows?.(result) === pinned.tuples.length
  } catch {
    // A host that fails to count rows must not fail the query that returned them.
    return false
  }
}

const never = (): undefined => undefined

/** An occurrence bound to some values of a lookup key. */
interface Pinned {
  readonly key: NamedKey
  /** Distinct tuples of canonical texts, one for each value, in the order of `key.columns`. */
  readonly tuples: readonly (readonly string[])[]
  /** False if two pinned values have the same canonical text. Returned rows then cannot be compared with their number. */
  readonly distinct: boolean
}

/** Returns the strongest key of `table` whose columns are all pinned. */
function pinnedBy(table: Table, pins: Pins | undefined): Pinned | undefined {
  if (!pins) return undefined
  for (const key of namedKeys(table)) {
    const pinned = tuplesOf(key.columns, (column) => own(pins, column.name))
    if (pinned) return { key, ...pinned }
  }
  return undefined
}
