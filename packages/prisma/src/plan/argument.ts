import { type ColumnValue, copyBinary, ownText, UNKNOWN } from '@larder/core/host'
import type { ScalarField } from '../schema/datamodel.ts'
import type { ModelMap } from '../schema/model.ts'

/**
 * True for `undefined` and `Prisma.skip`: `{ id: undefined }` filters nothing. The skip object is recognised by its shape, because
 * each generated client may have a runtime of its own.
 */
export function absent(value: unknown): boolean {
  if (value === undefined) return true
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return typeof Reflect.get(value, 'ifUndefined') === 'function' && !Object.keys(value).length
}

/**
 * True if a property anywhere in the arguments is `undefined`. A client with `strictUndefinedChecks` refuses such a call. Objects of
 * classes are values, such as references to fields.
 */
export function hasUndefined(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(hasUndefined)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  return Object.values(value).some((item) => item === undefined || hasUndefined(item))
}

/**
 * Returns the arguments of an object, including inherited ones, as Prisma reads them (`for … in`). Undefined for anything else:
 * primitives, null, arrays, bytes, and objects with `toJSON` (dates, decimals).
 */
export function fieldsOf(value: unknown): readonly (readonly [name: string, value: unknown])[] | undefined {
  if (!isArguments(value)) return undefined
  const fields: [string, unknown][] = []
  for (const name in value) {
    const argument: unknown = Reflect.get(value, name)
    if (!absent(argument)) fields.push([name, argument])
  }
  return fields
}

function isArguments(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
    return false
  return typeof Reflect.get(value, 'toJSON') !== 'function'
}

/** Returns one argument of an object. Undefined: it is absent. */
export function argument(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !(name in value)) return undefined
  if (!isEnumerable.call(value, name) || !isArguments(value))
    return fieldsOf(value)?.find(([key]) => key === name)?.[1]
  const field: unknown = Reflect.get(value, name)
  return absent(field) ? undefined : field
}

const isEnumerable = Object.prototype.propertyIsEnumerable

/** Copies the objects, lists, dates and binary data of arguments, so that the caller may change its own. Other values are shared. */
export function copyArguments(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyArguments)
  // Prisma copies arguments before it passes them on, but a copied `Buffer` still is the caller's memory.
  const binary = copyBinary(value)
  if (binary) return binary
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype) return new Date(value as Date)
  // Decimals, field references and `Prisma.DbNull` are objects that nobody changes. Of other classes, those of bytes and dates
  // among them, only the class knows how an object is copied.
  if (prototype !== Object.prototype && prototype !== null) return value
  // So it is with an object that has its own way to be written.
  if ('toJSON' in value) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, copyArguments(item)]))
}

/** Copies arguments for what is remembered of them: a text that is a part of a request keeps all of that. */
export function withOwnTexts(value: unknown): unknown {
  if (typeof value === 'string') return ownText(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withOwnTexts)
  const prototype: unknown = Object.getPrototypeOf(value)
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in value) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withOwnTexts(item)]))
}

/** Returns arguments whose binary data stays as it is while a call waits for the store. A copy only if there is any. */
export function withOwnBytes(args: unknown): unknown {
  return hasBinary(args) ? copyArguments(args) : args
}

/** The same for raw SQL, where dates and objects may change, too: a list of text and values, or an object of Prisma's that holds both. */
export function withOwnValues(args: unknown): unknown {
  if (typeof args !== 'object' || args === null) return args
  if (Array.isArray(args)) return args.some(isObject) ? args.map(copyArguments) : args
  const { values } = args as { values?: unknown }
  if (!Array.isArray(values) || !values.some(isObject)) return args
  const properties: PropertyDescriptorMap = {
    ...Object.getOwnPropertyDescriptors(args),
    values: { value: values.map(copyArguments), enumerable: true },
  }
  // TypedSQL keeps its text outside of the object, so a copy has to hold it.
  if (!Object.hasOwn(args, 'values')) properties.sql = { value: Reflect.get(args, 'sql') }
  return Object.create(Object.getPrototypeOf(args), properties)
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

function hasBinary(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return true
  if (Array.isArray(value)) return value.some(hasBinary)
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.values(value).some(hasBinary)
}

/** Returns a list. Prisma accepts one object wherever it accepts several. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

/**
 * Returns the database's value for an argument of a scalar field. {@link UNKNOWN} for anything but a literal of a type that may
 * pin: field references, expressions, lists, JSON, decimals, dates, bytes.
 */
export function literalOf(models: ModelMap, field: ScalarField, value: unknown): ColumnValue {
  if (value === null) return null
  if (field.list) return UNKNOWN
  if (field.kind === 'enum') return typeof value === 'string' ? models.enumValue(field.type, value) : UNKNOWN
  switch (field.type) {
    case 'Int':
    case 'BigInt':
      // Prisma truncates 1.5 to 1, so only an exact integer names a row.
      return typeof value === 'bigint' || Number.isSafeInteger(value) ? value : UNKNOWN
    case 'String':
      return typeof value === 'string' ? value : UNKNOWN
    case 'Boolean':
      return typeof value === 'boolean' ? value : UNKNOWN
    default:
      return UNKNOWN
  }
}
