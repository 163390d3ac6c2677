import { type ColumnValue, UNKNOWN } from '@larder/core/host'
import type { ScalarField } from '../schema/datamodel.ts'
import type { ModelMap } from '../schema/model.ts'

/**
 * `undefined` and `Prisma.skip` are the absence of an argument: `{ id: undefined }` filters nothing.
 * The skip object is told by its shape, because each generated client may bring a runtime of its own.
 */
export function absent(value: unknown): boolean {
  if (value === undefined) return true
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return typeof Reflect.get(value, 'ifUndefined') === 'function' && !Object.keys(value).length
}

/**
 * The arguments present in an object, inherited ones included, as Prisma reads them (`for … in`).
 * Undefined for what is no argument object: primitives, null, arrays, bytes, and whatever says with `toJSON`
 * that it wants to be read otherwise (dates, decimals).
 */
export function fieldsOf(value: unknown): readonly (readonly [name: string, value: unknown])[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
    return undefined
  if (typeof Reflect.get(value, 'toJSON') === 'function') return undefined
  const fields: [string, unknown][] = []
  for (const name in value) {
    const given: unknown = Reflect.get(value, name)
    if (!absent(given)) fields.push([name, given])
  }
  return fields
}

/** One argument of an object, undefined where it is absent. */
export function argument(value: unknown, name: string): unknown {
  return fieldsOf(value)?.find(([key]) => key === name)?.[1]
}

/** Arguments that stay as they are whatever their owner does: new objects and lists, and in them the same values. */
export function copyArguments(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyArguments)
  if (value instanceof Date) return new Date(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  // Decimals, field references, `Prisma.DbNull`: objects of their own kind that nobody changes.
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, copyArguments(item)]))
}

/** Prisma takes one object wherever it takes several. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

/**
 * The database's value for an argument of a scalar field, or {@link UNKNOWN} for what is no literal of a type that
 * may pin: field references, expressions, lists, JSON, decimals, dates, bytes.
 */
export function literalOf(models: ModelMap, field: ScalarField, value: unknown): ColumnValue {
  if (value === null) return null
  if (field.list) return UNKNOWN
  if (field.kind === 'enum') return typeof value === 'string' ? models.enumValue(field.type, value) : UNKNOWN
  switch (field.type) {
    case 'Int':
    case 'BigInt':
      // Prisma truncates 1.5 to 1 on its way to the database: only an exact integer says which row it means.
      return typeof value === 'bigint' || Number.isSafeInteger(value) ? value : UNKNOWN
    case 'String':
      return typeof value === 'string' ? value : UNKNOWN
    case 'Boolean':
      return typeof value === 'boolean' ? value : UNKNOWN
    default:
      return UNKNOWN
  }
}
