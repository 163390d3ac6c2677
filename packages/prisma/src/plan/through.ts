import type { Policy, RowRead, WriteThrough } from '@larder/core/host'
import type { ModelMap } from '../schema/model.ts'
import { argument, fieldsOf } from './argument.ts'
import { ROW_READ, rowReadsOf } from './read.ts'

/** A write that may return its row. */
export interface WrittenRow {
  readonly operation: string
  readonly model: string
  readonly args: unknown
  readonly dataPath: readonly unknown[]
}

/** What the client says besides the arguments. */
export interface ThroughContext {
  readonly provider: string
  /** Fields left out of every result of a model. */
  readonly omitted: (model: string) => ReadonlySet<string>
}

/**
 * Providers whose statements return the row they have just written. Elsewhere Prisma reads it afterwards, and inside a
 * transaction that may show what was there when the transaction began.
 */
const RETURNING: ReadonlySet<string> = new Set(['postgresql', 'postgres', 'cockroachdb', 'sqlite'])

/** The arguments that must change something of the row: else Prisma only reads it, and locks nothing. */
const WRITTEN: Readonly<Record<string, { readonly changes: number; readonly data: string | undefined }>> = {
  create: { changes: 1, data: undefined },
  update: { changes: 1, data: 'data' },
  upsert: { changes: 2, data: 'update' },
}

/**
 * How the row that a write returns is stored for the plain reads of it, or undefined where it is not: other operations,
 * nested writes of other rows, updates that change nothing.
 * @param changes number of changes that the write was planned with.
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

/** Fields of the result of a read that selects nothing, in their order. */
function scalars(models: ModelMap, model: string, omitted: ReadonlySet<string>): readonly string[] {
  return Object.entries(models.model(model).fields)
    .filter(([name, field]) => field.kind !== 'relation' && !omitted.has(name))
    .map(([name]) => name)
}

/** The row as such a read returns it: all of its fields and no other; undefined where the result lacks one. */
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
