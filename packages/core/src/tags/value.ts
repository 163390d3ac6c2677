import { type ColumnValue, UNKNOWN } from '../plan/plan.ts'
import type { Column, ColumnType } from '../plan/table.ts'

/** An occurrence with more values depends on `list`, because so many tags cost more than they save. */
export const MOST_VALUES = 100

/** Increased whenever canonical values or folding change. */
const VERSION = '1'

/**
 * Returns the version of the rules by which a key's values become canonical. It is part of the key's name. Text is folded by
 * Unicode's tables, and a Node release with newer tables may fold a letter differently.
 */
export function foldingVersion(columns: readonly Column[]): string {
  return columns.some((column) => column.type === 'text')
    ? `${VERSION}.${process.versions.unicode ?? '0'}`
    : VERSION
}

/** True for column types whose equality can pin rows. */
export function pinnable(type: ColumnType): boolean {
  return type !== 'other' && type !== 'opaque-text'
}

/**
 * Returns the canonical text of a column's value. Values that are equal in the database have the same text. Different values may
 * share one as well, which only invalidates more. `null` stands for SQL NULL; undefined: the value is not known.
 */
export function canonicalValue(value: ColumnValue, type: ColumnType): string | null | undefined {
  if (value === null) return null
  if (value === undefined || value === UNKNOWN) return undefined
  switch (type) {
    case 'integer':
      return integer(value)
    case 'uuid':
      return uuid(value)
    case 'boolean':
      return boolean(value)
    case 'enum':
      return typeof value === 'string' ? value : undefined
    case 'text':
      return typeof value === 'string' ? fold(value) : undefined
    case 'ascii-text':
      return typeof value === 'string' ? foldAscii(value) : undefined
    default:
      return undefined
  }
}

/** Returns the cross product of the columns' canonical values. Undefined if a column has none, one is unknown, or there are too many. */
export function tuplesOf(
  columns: readonly Column[],
  values: (column: Column) => readonly ColumnValue[] | undefined,
): { tuples: readonly (readonly string[])[]; distinct: boolean } | undefined {
  const [only] = columns
  if (only && columns.length === 1) {
    const ofOnly = values(only)
    if (ofOnly?.length === 1) {
      const text = canonicalValue(ofOnly[0] as ColumnValue, only.type)
      return typeof text === 'string' ? { tuples: [[text]], distinct: true } : undefined
    }
  }
  let tuples: string[][] = [[]]
  let distinct = true
  for (const column of columns) {
    const columnValues = values(column)
    if (!columnValues || columnValues.length > MOST_VALUES) return undefined
    const texts = new Set<string>()
    for (const value of columnValues) {
      const text = canonicalValue(value, column.type)
      // NULL pins nothing: no row equals it, and an IN with NULL is no plain IN.
      if (typeof text !== 'string') return undefined
      texts.add(text)
    }
    if (texts.size !== columnValues.length) distinct = false
    if (tuples.length * texts.size > MOST_VALUES) return undefined
    tuples = tuples.flatMap((tuple) => [...texts].map((text) => [...tuple, text]))
  }
  return { tuples, distinct }
}

/** Reads an own property, so that a name such as `constructor` finds nothing on Object.prototype. */
export function own<V>(record: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

function integer(value: unknown): string | undefined {
  if (typeof value === 'bigint') return value.toString()
  // Beyond 2^53 a number may stand for several integers of the database.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
  if (typeof value === 'string' && /^[+-]?\d{1,40}$/.test(value))
    return BigInt(value.replace('+', '')).toString()
  return undefined
}

function uuid(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const hex = value.replace(/[{}-]/g, '').toLowerCase()
  return /^[0-9a-f]{32}$/.test(hex) ? hex : undefined
}

function boolean(value: unknown): string | undefined {
  if (value === true || value === 1) return 'true'
  if (value === false || value === 0) return 'false'
  return undefined
}

/**
 * Wider than any equality that may pin: case, accents, compatibility forms and trailing spaces disappear. So citext, char(n) and
 * case-insensitive columns are safe. Lower case and then upper case, because each alone leaves some pairs different.
 */
function fold(text: string): string | undefined {
  // Drivers replace half of a surrogate pair by another character.
  if (!text.isWellFormed()) return undefined
  const plain = text.normalize('NFKD').toLowerCase().toUpperCase().normalize('NFKD')
  return plain.replace(/\p{M}/gu, '').replace(/ +$/, '')
}

/**
 * Wider than the equality of any collation that distinguishes ASCII letters and digits, except by case. Signs and spaces are
 * removed, because collations may ignore some of them or pad with spaces. Other text than printable ASCII is unknown: it may
 * equal a value that looks different.
 */
function foldAscii(text: string): string | undefined {
  return /^[ -~]*$/.test(text) ? text.toLowerCase().replace(/[^a-z0-9]+/g, '') : undefined
}
