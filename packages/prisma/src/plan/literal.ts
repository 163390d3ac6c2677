import { type ColumnValue, UNKNOWN } from '@larder/core/host'
import type { ScalarField } from '../schema/datamodel.ts'
import type { ModelMap } from '../schema/model.ts'

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
