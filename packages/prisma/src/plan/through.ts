import type { Policy, RowRead, WriteThrough } from '@larder/core/host'
import type { ModelMap } from '../schema/model.ts'
import { argument, fieldsOf } from './argument.ts'
import { ROW_READ, rowReadsOf } from './read.ts'

/** A write that may return the row it wrote. */
export interface WrittenRow {
  readonly operation: string
  readonly model: string
  readonly args: unknown
  readonly dataPath: readonly unknown[]
}

/** What writing through needs to know of the client. */
export interface ThroughContext {
  readonly provider: string
  /** Returns the fields that are left out of every result of a model. */
  readonly omitted: (model: string) => ReadonlySet<string>
}

/**
 * Providers whose statements return the row that they wrote. With other providers Prisma reads it afterwards, and inside a
 * transaction that read may return the row as it was when the transaction began.
 */
const RETURNING: ReadonlySet<string> = new Set(['postgresql', 'postgres', 'cockroachdb', 'sqlite'])

/** Arguments that must change the row. Otherwise Prisma only reads it and takes no lock. */
const WRITTEN: Readonly<Record<string, { readonly changes: number; readonly data: string | undefined }>> = {
  create: { changes: 1, data: undefined },
  update: { changes: 1, data: 'data' },
  upsert: { changes: 2, data: 'update' },
}

/**
 * Returns how the row of a write is stored for plain reads of it. Undefined for other operations, for nested writes of other rows,
 * and for updates that change nothing.
 * @param changes number of changes in the plan of the write.
 */
export function throughOf(
  models: ModelMap,
  { operation, model, args, dataPath }: WrittenRow,
  changes: number,
  policy: Policy,
  { provider, omitted }: ThroughContext,
): WriteThrough<unknown> | undefined {
  const written = Object.hasOwn(WRITTEN, operation) ? WRITTEN[operation] : undefined
  if (!written || written.changes !== changes || dataPath.length || !RETURNING.has(provider)) return undefined
  if (written.data !== undefined && !fieldsOf(argument(args, written.data))?.length) return undefined
  const reads = policy.operations
  if (reads && !reads.has('findUnique') && !reads.has('findUniqueOrThrow')) return undefined
  const names = scalars(models, model, omitted(model))
  return {
    policy,
    table: models.table(model),
    changes,
    reads(result) {
      const row = shown(result, names)
      return row ? rowReadsOf(models, model, row).map((read) => rowRead(models, model, read, row)) : []
    },
  }
}

function rowRead(
  models: ModelMap,
  model: string,
  { query, pins }: ReturnType<typeof rowReadsOf>[number],
  result: unknown,
): RowRead {
  return {
    as: ROW_READ,
    model,
    query,
    occurrence: { table: models.table(model), pins, rows: () => 1 },
    result,
  }
}

/** Returns the fields of a read without `select`, in their order. */
function scalars(models: ModelMap, model: string, omitted: ReadonlySet<string>): readonly string[] {
  return Object.entries(models.model(model).fields)
    .filter(([name, field]) => field.kind !== 'relation' && !omitted.has(name))
    .map(([name]) => name)
}

/** Returns the row as such a read returns it: these fields and no others. Undefined if the result lacks one. */
function shown(result: unknown, names: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  if (typeof result !== 'object' || result === null) return undefined
  const row: [string, unknown][] = []
  for (const name of names) {
    const value: unknown = Object.hasOwn(result, name) ? Reflect.get(result, name) : undefined
    if (value === undefined) return undefined
    row.push([name, value])
  }
  return Object.fromEntries(row)
}
