import { digest } from '../keys/digest.ts'
import { effectiveKind } from '../plan/lookup-key.ts'
import type { Column, LookupKey, Table } from '../plan/table.ts'
import { foldingVersion, pinnable } from './value.ts'

/** Counts up whenever {@link recordName} or {@link userTagName} names something differently. */
export const RECORD_SPELLING = 1

/** The field every read that is not pinned depends on, and every write bumps. */
export const LIST = 'list'

/**
 * The field that reads of a model with `write: 'around'` depend on, of its own table: bumped by explicit invalidation
 * and by raw SQL, and left alone by the writes of hosts. No lookup key has this name.
 */
export const AROUND = 'around'

/** Longest plain spelling of a value; longer ones are digested so that keys stay under 128 bytes. */
const PLAIN_VALUE = 24
const PLAIN_TABLE = 28

/** A lookup key that can pin, with the name that readers and writers of every host and version agree on. */
export interface NamedKey {
  readonly name: string
  /** Sorted physical columns. */
  readonly columns: readonly Column[]
  /** At most one row per value: primary, or unique over columns that are never NULL. */
  readonly unique: boolean
}

/**
 * Spells tags. All tags of a table share the braces of its record, so that a cluster keeps them in one slot.
 * Tables are bare and lower case: hosts that quote differently still mean one table.
 */
export function recordName(namespace: string, database: string, table: string): string {
  return `{${namespace}:${shorten(`${database}:${table.toLowerCase()}`, PLAIN_TABLE)}}`
}

/** A field of a record, as entries and events name it. */
export function fieldName(record: string, field: string): string {
  return `${record}/${field}`
}

/** The cell of a user tag, in a slot of its own. No record has two `#`: a tag can be any text, a digest included. */
export function userTagName(namespace: string, tag: string): string {
  return `{${namespace}:##${shorten(tag, PLAIN_TABLE)}}`
}

/** The value cell of `key` = `values` (canonical texts in the order of `key.columns`). */
export function cellName(record: string, key: NamedKey, values: readonly string[]): string {
  const plain = values.map((value) => (values.length > 1 ? `${value.length}.${value}` : value)).join(',')
  return `${record}:${shorten(`${key.name}=${plain}`, PLAIN_VALUE + key.name.length, 44)}`
}

/** The usable keys of a table, strongest first: primary, unique, foreign, named. */
export function namedKeys(table: Table): readonly NamedKey[] {
  const known = cache.get(table)
  if (known) return known
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
  const found = key.columns.map((name) => columns.get(name)).filter((column) => column !== undefined)
  if (found.length !== key.columns.length || !found.length) return undefined
  if (!found.every((column) => pinnable(column.type))) return undefined
  const sorted = found.sort((a, b) => (a.name < b.name ? -1 : 1))
  const kind = effectiveKind(key.kind, sorted)
  const text = sorted.map((column) => `${column.name.toLowerCase()}:${column.type}`).join(',')
  const name = shorten(`${kind[0]}${foldingVersion(sorted)}(${text})`, 40, 40)
  return { kind, name, columns: sorted, unique: kind === 'primary' || kind === 'unique' }
}

/** `text` itself when it is short, printable ASCII without braces or hash; else `#` and a 128-bit digest. */
function shorten(text: string, most: number, cap: number = most): string {
  return text.length <= Math.min(most, cap) && /^[!"$-z|~]*$/.test(text) ? text : `#${digest(text).name}`
}
