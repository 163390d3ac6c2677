import { digest } from '../keys/digest.ts'
import { effectiveKind } from '../plan/lookup-key.ts'
import type { Column, LookupKey, Table } from '../plan/table.ts'
import { foldingVersion, pinnable } from './value.ts'

/** Increased whenever {@link recordName} or {@link userTagName} returns another name for the same thing. */
export const RECORD_SPELLING = 1

/** The field on which every unpinned read depends. Every write changes it. */
export const LIST = 'list'

/**
 * The field of its own table on which reads of a model with `write: 'around'` depend. Explicit invalidations and raw SQL change
 * it, writes of hosts do not. No lookup key has this name.
 */
export const AROUND = 'around'

/** Longer values are replaced by a digest, so that keys stay under 128 bytes. */
const PLAIN_VALUE = 24
const PLAIN_TABLE = 28

/** A lookup key that can pin reads. Readers and writers of every host and version give it the same name. */
export interface NamedKey {
  readonly name: string
  /** Physical columns, sorted by name. */
  readonly columns: readonly Column[]
  /** At most one row has each value: a primary key, or a unique key whose columns are never NULL. */
  readonly unique: boolean
}

/**
 * Returns the name of a table's record. All tags of a table share its braces, so that a Cluster keeps them in one slot. The
 * table is bare and in lower case, so that hosts that quote differently mean the same table.
 */
export function recordName(namespace: string, database: string, table: string): string {
  return `{${namespace}:${shorten(`${database}:${table.toLowerCase()}`, PLAIN_TABLE)}}`
}

/** Returns the name of a field in entries and events. */
export function fieldName(record: string, field: string): string {
  return `${record}/${field}`
}

/** Returns the name of a user tag's cell, which has a slot of its own. No record contains `##`, and a tag may be any text. */
export function userTagName(namespace: string, tag: string): string {
  return `{${namespace}:##${shorten(tag, PLAIN_TABLE)}}`
}

/** Returns the name of a value cell. `values` are canonical texts in the order of `key.columns`. */
export function cellName(record: string, key: NamedKey, values: readonly string[]): string {
  const plain = values.map((value) => (values.length > 1 ? `${value.length}.${value}` : value)).join(',')
  return `${record}:${shorten(`${key.name}=${plain}`, PLAIN_VALUE + key.name.length, 44)}`
}

/** True for names that {@link cellName} returns. */
export function isCellName(name: string): boolean {
  return name.includes('}:')
}

/** Returns the keys of a table that can pin, strongest first: primary, unique, foreign, named. */
export function namedKeys(table: Table): readonly NamedKey[] {
  const remembered = cache.get(table)
  if (remembered) return remembered
  const columns = new Map(table.columns.map((column) => [column.name, column]))
  const keys = table.keys
    .map((key) => named(key, columns))
    .filter((key) => key !== undefined)
    .sort((a, b) => ORDER[a.kind] - ORDER[b.kind])
  cache.set(table, keys)
  return keys
}

const cache = new WeakMap<Table, readonly NamedKey[]>()
const ORDER = { primary: 0, unique: 1, foreign: 2, named: 3 } as const

function named(
  key: LookupKey,
  columns: ReadonlyMap<string, Column>,
): (NamedKey & { kind: LookupKey['kind'] }) | undefined {
  const columnsOfKey = key.columns.map((name) => columns.get(name)).filter((column) => column !== undefined)
  if (columnsOfKey.length !== key.columns.length || !columnsOfKey.length) return undefined
  if (!columnsOfKey.every((column) => pinnable(column.type))) return undefined
  const sorted = columnsOfKey.sort((a, b) => (a.name < b.name ? -1 : 1))
  const kind = effectiveKind(key.kind, sorted)
  const text = sorted.map((column) => `${column.name.toLowerCase()}:${column.type}`).join(',')
  const name = shorten(`${kind[0]}${foldingVersion(sorted)}(${text})`, 40, 40)
  return { kind, name, columns: sorted, unique: kind === 'primary' || kind === 'unique' }
}

/** Returns `text` if it is short printable ASCII without braces or hash, else `#` and a digest of 128 bits. */
function shorten(text: string, most: number, cap: number = most): string {
  return text.length <= Math.min(most, cap) && /^[!"$-z|~]*$/.test(text) ? text : `#${digest(text).name}`
}
