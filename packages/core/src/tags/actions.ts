import { type Change, type ColumnValue, type Pins, UNKNOWN } from '../plan/plan.ts'
import type { Action, ForeignKey, Schema, Table } from '../plan/table.ts'
import { own } from './value.ts'

/**
 * Adds the consequences of a statement's changes: what triggers and referential actions change, transitively. The given changes
 * come first, in their order. Pure.
 */
export function withActions(schema: Schema, changes: readonly Change[]): readonly Change[] {
  const [only] = changes
  // Most statements change one table and have no consequences.
  if (only && changes.length === 1 && !consequences(schema, only).length) return changes
  const all = [...changes]
  const reached = new Set(all.map((change) => change.table.toLowerCase()))
  const whole = new Set<string>()
  for (let index = 0; index < all.length; index++) {
    const change = all[index] as Change
    const table = change.table.toLowerCase()
    if (whole.has(table)) continue
    if (change.effect === 'unknown') whole.add(table)
    for (const next of consequences(schema, change)) {
      // A table that is reached a second time counts as changed in unknown rows. This ends cycles, and bounds the number of paths.
      const isRepeated = index >= changes.length && reached.has(next.table.toLowerCase())
      reached.add(next.table.toLowerCase())
      all.push(isRepeated ? { table: next.table, effect: 'unknown' } : next)
    }
  }
  return all
}

function consequences(schema: Schema, change: Change): readonly Change[] {
  const table = schema.tables.get(change.table.toLowerCase())
  // A write to a view is a write to the tables that it reads.
  const indirect = [...(table?.touches ?? []), ...(table?.reads ?? [])]
  const referring = referrersOf(schema, change.table)
  if (!indirect.length && !referring.length) return NOTHING
  const touched = indirect.map((name): Change => ({ table: name, effect: 'unknown' }))
  return [...touched, ...referring.flatMap(([child, key]) => actionsOf(table, child, key, change))]
}

const NOTHING: readonly Change[] = []

const referrers = new WeakMap<Schema, Map<string, (readonly [Table, ForeignKey])[]>>()

function referrersOf(schema: Schema, table: string): readonly (readonly [Table, ForeignKey])[] {
  let index = referrers.get(schema)
  if (!index) {
    index = new Map()
    for (const child of schema.tables.values())
      for (const key of child.foreignKeys) {
        const parent = key.table.toLowerCase()
        index.set(parent, [...(index.get(parent) ?? []), [child, key] as const])
      }
    referrers.set(schema, index)
  }
  return index.get(table.toLowerCase()) ?? []
}

/** Returns what the actions of one foreign key change in its table. */
function actionsOf(
  parent: Table | undefined,
  child: Table,
  key: ForeignKey,
  change: Change,
): readonly Change[] {
  const [isDelete, isUpdate] = [deletes(change), mayChangeReferenced(parent, key, change)]
  if (!isDelete && !isUpdate) return []
  const rows = pinsOfChildren(key, change.before)
  const changes: Change[] = []
  if (isDelete) changes.push(...byAction(child, key, key.onDelete, rows, 'delete'))
  if (isUpdate) changes.push(...byAction(child, key, key.onUpdate, rows, 'update'))
  return changes
}

function deletes(change: Change): boolean {
  return change.effect === 'delete' || change.effect === 'unknown'
}

/** True if the statement may change a column that the foreign key references. */
function mayChangeReferenced(parent: Table | undefined, key: ForeignKey, change: Change): boolean {
  if (change.effect !== 'update' && change.effect !== 'upsert' && change.effect !== 'unknown') return false
  const { sets } = change
  if (!key.references.length || !sets) return true
  const isGenerated = (name: string): boolean =>
    parent?.columns.some((column) => column.generated && column.name === name) === true
  return key.references.some((name) => Object.hasOwn(sets, name) || isGenerated(name))
}

function byAction(
  child: Table,
  key: ForeignKey,
  action: Action,
  before: Pins | undefined,
  cause: 'delete' | 'update',
): readonly Change[] {
  if (action === 'restrict' || action === 'no-action') return []
  // Without columns, the host knows only that the tables are related.
  if (!key.columns.length) return [{ table: child.name, effect: 'unknown' }]
  const pins = before ? { before } : {}
  if (action === 'cascade' && cause === 'delete') return [{ table: child.name, effect: 'delete', ...pins }]
  const value: ColumnValue = action === 'set-null' ? null : UNKNOWN
  const sets = Object.fromEntries(key.columns.map((column) => [column, value]))
  return [{ table: child.name, effect: 'update', ...pins, sets }]
}

/** Pins the children of the changed rows by their foreign key, if the old values of the parents are pinned. */
function pinsOfChildren(key: ForeignKey, before: Pins | undefined): Pins | undefined {
  if (!before || !key.columns.length) return undefined
  const pins = key.columns.flatMap((column, index) => {
    const values = own(before, key.references[index] ?? '')
    return values ? [[column, values] as const] : []
  })
  return pins.length ? Object.fromEntries(pins) : undefined
}
