import { CacheError } from '@larder/core'
import type { DatamodelModel } from '../schema/datamodel.ts'
import type { ModelMap } from '../schema/model.ts'
import { columnOf } from '../schema/relation.ts'

/** The strength of a row lock. `'update'` keeps other transactions from writing and from locking the row. */
export type LockStrength = 'update' | 'no key update' | 'share' | 'key share'

/** Options of `tx.model.lock` besides the row. */
export interface LockOptions {
  /** Rejects at once with the database's error instead of waiting for another transaction's lock. */
  readonly noWait?: boolean
  /** Resolves to null instead of waiting for another transaction's lock. */
  readonly skipLocked?: boolean
  /** The lock's strength, `'update'` by default. `'no key update'` and `'key share'` exist on PostgreSQL only. */
  readonly strength?: LockStrength
}

/** Statements that lock one row and read it, for `$queryRawUnsafe`. */
export interface LockStatement {
  /** Locks the row. */
  readonly sql: string
  /** The parameters of both statements. */
  readonly values: readonly unknown[]
  /**
   * Reads the same columns without a lock, from the transaction's snapshot. Set where the snapshot may be older than the row
   * that was locked.
   */
  readonly unlocked?: string
}

/** How a database writes names, parameters and lock clauses. */
interface LockDialect {
  quote(name: string): string
  parameter(place: number): string
  readonly strengths: Readonly<Partial<Record<LockStrength, string>>>
  /** Whether a transaction may lock a version of a row that is newer than its snapshot. */
  readonly locksNewerRows: boolean
}

const POSTGRES: LockDialect = {
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  parameter: (place) => `$${place}`,
  strengths: {
    update: 'FOR UPDATE',
    'no key update': 'FOR NO KEY UPDATE',
    share: 'FOR SHARE',
    'key share': 'FOR KEY SHARE',
  },
  // REPEATABLE READ refuses such a lock.
  locksNewerRows: false,
}
const MYSQL: LockDialect = {
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  parameter: () => '?',
  // MariaDB does not know FOR SHARE.
  strengths: { update: 'FOR UPDATE', share: 'LOCK IN SHARE MODE' },
  locksNewerRows: true,
}
const DIALECTS: Readonly<Record<string, LockDialect>> = {
  postgresql: POSTGRES,
  postgres: POSTGRES,
  cockroachdb: POSTGRES,
  mysql: MYSQL,
}

/**
 * The statements that lock the row of `model` that `where` names by a unique key.
 * @throws CacheError `LARDER_LOCK_UNSUPPORTED` on a database without row locks, or without this one; `LARDER_CONFIG`
 * for a filter that names no unique key and for what is no option.
 */
export function lockStatement(
  models: ModelMap,
  provider: string,
  model: string,
  where: unknown,
  options: LockOptions,
): LockStatement {
  const dialect = DIALECTS[provider]
  if (!dialect)
    throw unsupported(
      `${provider} has no row locks: begin the transaction so that it excludes others, or let a version column tell them apart`,
    )
  if (!models.keyed)
    throw new CacheError(
      'LARDER_CONFIG',
      `${model}.lock needs prismaCache({ datamodel }): add the generator \`larder-prisma\` and run \`prisma generate\``,
    )
  const described = models.model(model)
  const equalities = uniqueKey(models, model, where).map(([field, value], index) => {
    const column = dialect.quote(columnOf(described, field))
    return { text: `${column} = ${dialect.parameter(index + 1)}`, value }
  })
  const lock = lockClause(dialect, provider, options)
  const condition = equalities.map(({ text }) => text).join(' AND ')
  const columns = dialect.locksNewerRows ? columnsOf(dialect, described) : '1'
  const unlocked = `SELECT ${columns} FROM ${tableName(dialect, described)} WHERE ${condition}`
  return {
    sql: `${unlocked} ${lock}`,
    values: equalities.map(({ value }) => value),
    ...(dialect.locksNewerRows && { unlocked }),
  }
}

function columnsOf({ quote }: LockDialect, { fields }: DatamodelModel): string {
  return Object.values(fields)
    .flatMap((field) => (field.kind === 'relation' ? [] : [quote(field.column)]))
    .join(', ')
}

function lockClause(dialect: LockDialect, provider: string, options: LockOptions): string {
  const { noWait = false, skipLocked = false, strength = 'update' } = options
  const text = dialect.strengths[strength]
  if (!text)
    throw unsupported(
      `${provider} has no lock of strength '${strength}': there are ${Object.keys(dialect.strengths).join(', ')}`,
    )
  if (noWait && skipLocked)
    throw new CacheError('LARDER_CONFIG', 'lock: noWait and skipLocked exclude each other: give one of them')
  return `${text}${noWait ? ' NOWAIT' : ''}${skipLocked ? ' SKIP LOCKED' : ''}`
}

/** Fields and database values of the first unique key that `where` contains completely. */
function uniqueKey(models: ModelMap, model: string, where: unknown): readonly (readonly [string, unknown])[] {
  const filter = (typeof where === 'object' && where !== null ? where : {}) as Record<string, unknown>
  const { uniques } = models.model(model)
  for (const { name, fields } of uniques) {
    if (!Object.hasOwn(filter, name)) continue
    const key = fields.length === 1 ? { [fields[0] ?? '']: filter[name] } : filter[name]
    const values = fields.map(
      (field) => [field, (key as Record<string, unknown> | undefined)?.[field]] as const,
    )
    if (values.every(([, value]) => value !== undefined && value !== null))
      return values.map(([field, value]) => [field, databaseValue(models, model, field, value)])
  }
  throw new CacheError(
    'LARDER_CONFIG',
    `${model}.lock takes a filter by a unique key: give where: { ${uniques.map(({ name }) => `${name}: …`).join(' } or { ')} }`,
  )
}

function databaseValue(models: ModelMap, model: string, field: string, value: unknown): unknown {
  const description = models.fieldOf(model, field)
  return description?.kind === 'enum' ? models.enumValue(description.type, String(value)) : value
}

function tableName({ quote }: LockDialect, { schema, table }: DatamodelModel): string {
  return schema === null ? quote(table) : `${quote(schema)}.${quote(table)}`
}

function unsupported(message: string): CacheError {
  return new CacheError('LARDER_LOCK_UNSUPPORTED', `lock: ${message}`)
}
