// Values that ORMs put among arguments, told by their shape: their classes are minified, exist once per generated
// client, and core imports no ORM.

/** The text of a value of a known host class (null markers, field references, decimals), or undefined. */
export function hostText(value: object): string | undefined {
  return markerText(value) ?? fieldText(value) ?? decimalText(value)
}

/** True for a host's "leave this property out" value (`Prisma.skip`): the same as no property. */
export function isAbsent(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null || Array.isArray(value)) return false
  return method(value, 'ifUndefined') && Object.keys(value).length === 0
}

// Prisma.DbNull, JsonNull, AnyNull: three classes whose instances have no fields to tell them apart.
function markerText(value: object): string | undefined {
  if (isAbsent(value)) return 'skip'
  if (!method(value, '_getName') || !method(value, '_getNamespace')) return undefined
  const marker = value as { _getName(): unknown; _getNamespace(): unknown }
  return `E${JSON.stringify([String(marker._getNamespace()), String(marker._getName())])}`
}

// `prisma.user.fields.name`: a reference to another column.
function fieldText(value: object): string | undefined {
  const field = value as {
    modelName?: unknown
    name?: unknown
    typeName?: unknown
    isList?: unknown
    isEnum?: unknown
  }
  if (!method(value, '_toGraphQLInputType')) return undefined
  if (typeof field.modelName !== 'string' || typeof field.name !== 'string') return undefined
  return `F${JSON.stringify([field.modelName, field.name, String(field.typeName), !!field.isList, !!field.isEnum])}`
}

// decimal.js of any copy. `d` is null for NaN and the infinities, so those are told by the tag.
function decimalText(value: object): string | undefined {
  const decimal = value as {
    toStringTag?: unknown
    s?: unknown
    e?: unknown
    d?: unknown
    valueOf(): unknown
  }
  if (!method(value, 'toFixed')) return undefined
  const tagged = decimal.toStringTag === '[object Decimal]'
  const shaped = typeof decimal.s === 'number' && typeof decimal.e === 'number' && Array.isArray(decimal.d)
  if (!tagged && !shaped) return undefined
  // valueOf is the exact text, and unlike toString keeps the sign of zero.
  const text = decimal.valueOf()
  return typeof text === 'string' ? `d${JSON.stringify(text)}` : undefined
}

function method(value: object, name: string): boolean {
  return typeof (value as Record<string, unknown>)[name] === 'function'
}
