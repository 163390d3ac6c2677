import { type ColumnValue, UNKNOWN } from '../plan/plan.ts'
import type { Column, ColumnType } from '../plan/table.ts'

/** More values than this are not worth their tags: the occurrence then depends on the whole list. */
export const MOST_VALUES = 100

/** Bumped whenever canonicalisation or folding changes. */
const VERSION = '1'

/**
 * Version of the rules that make a key's values canonical: part of the key's name. Text is folded by Unicode's tables,
 * and a Node release with newer ones may fold a letter apart from an older release.
 */
export function foldingVersion(columns: readonly Column[]): string {
  return columns.some((column) => column.type === 'text')
    ? `${VERSION}.${process.versions.unicode ?? '0'}`
    : VERSION
}

/** True for column types whose equality can name rows. */
export function pinnable(type: ColumnType): boolean {
  return type !== 'other' && type !== 'opaque-text'
}

/**
 * The canonical text of a column's value: two values the database calls equal give one text (the reverse need not
 * hold: a collision only invalidates more). `null` for SQL NULL, undefined for what cannot be told.
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

/** Cross product of the columns' canonical values; undefined if a column has none, one is unknown, or there are too many. */
export function tuplesOf(
  columns: readonly Column[],
  values: (column: Column) => readonly ColumnValue[] | undefined,
): { tuples: readonly (readonly string[])[]; distinct: boolean } | undefined {
  let tuples: string[][] = [[]]
  let distinct = true
  for (const column of columns) {
    const given = values(column)
    if (!given || given.length > MOST_VALUES) return undefined
    const texts = new Set<string>()
    for (const value of given) {
      const text = canonicalValue(value, column.type)
      // NULL pins nothing: no row equals it, and an IN that holds one is not a plain IN.
      if (typeof text !== 'string') return undefined
      texts.add(text)
    }
    if (texts.size !== given.length) distinct = false
    if (tuples.length * texts.size > MOST_VALUES) return undefined
    tuples = tuples.flatMap((tuple) => [...texts].map((text) => [...tuple, text]))
  }
  return { tuples, distinct }
}

/** Property access that an argument named like something on Object.prototype cannot fool. */
export function own<V>(record: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

function integer(value: unknown): string | undefined {
  if (typeof value === 'bigint') return value.toString()
  // Beyond 2^53 the digits a driver sends are not ours to guess.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value).toString() : undefined
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
 * Wider than any equality we let pin: case, accents, compatibility forms and trailing spaces disappear, so citext,
 * char(n) and case-insensitive columns are safe. Lower then upper, because each alone leaves pairs apart.
 */
function fold(text: string): string | undefined {
  // Drivers send a lone half of a surrogate pair as another character.
  if (!text.isWellFormed()) return undefined
  const plain = text.normalize('NFKD').toLowerCase().toUpperCase().normalize('NFKD')
  return plain.replace(/\p{M}/gu, '').replace(/ +$/, '')
}

/**
 * Wider than the equality of any collation that tells ASCII letters and digits apart but for case: signs and spaces are
 * left out, so that it does not matter which of them a collation ignores, nor whether it pads with spaces. What is not
 * printable ASCII is unknown: another value may be equal to it that does not look so.
 */
function foldAscii(text: string): string | undefined {
  return /^[ -~]*$/.test(text) ? text.toLowerCase().replace(/[^a-z0-9]+/g, '') : undefined
}
