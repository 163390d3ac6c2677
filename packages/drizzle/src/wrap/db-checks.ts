import { type Cache, CacheError, type PolicyOptions } from '@larder/core'
import { type ColumnType, collatedText, type Engine, type SqlDialect } from '@larder/core/host'
import { registerClient } from '../connection/wrapped-clients.ts'
import type { CallPolicy } from '../policy/policies.ts'
import { type DbParts, entityKinds, hasNativeCache, isSync, syncConnectionOf } from '../versions/parts.ts'
import type { Version } from '../versions/version.ts'
import type { WrapDeps } from './wrap-deps.ts'

/**
 * The driver of a db and its dialect.
 * @throws CacheError for an unsupported driver.
 */
export function driverOf(version: Version, db: DbParts): { dialect: SqlDialect; driver: string } {
  const driver = entityKinds(db.session)[0] ?? 'an unknown session'
  const dialect = version.drivers[driver]
  if (dialect && (!isSync(db) || syncConnectionOf(db))) return { dialect, driver }
  throw new CacheError(
    'LARDER_OPTION_NOT_BUILT',
    `drizzleCache does not support ${driver.replace(/Session$/, '')}: see Drivers in docs/drizzle.md`,
  )
}

/**
 * How text columns of MySQL compare under a collation.
 * @throws CacheError for an unknown collation, or another dialect.
 */
export function textTypeOf(dialect: SqlDialect, collation: string | undefined): ColumnType | undefined {
  if (collation === undefined) return undefined
  if (dialect === 'mysql') return collatedText(collation, 'drizzleCache: collation')
  throw new CacheError(
    'LARDER_CONFIG',
    `drizzleCache: collation is for MySQL and MariaDB, and this db uses ${dialect}: leave it out`,
  )
}

/**
 * A synchronous driver waits neither for a mark, nor for other loads.
 * @throws CacheError naming the table and the option.
 */
export function rejectUnsupportedPolicies(
  { connection, policies, engine }: WrapDeps,
  models: Iterable<string>,
): void {
  if (!connection) return
  for (const model of models) {
    const policy = policies.forTable(model, undefined)
    const option = policy && unsupportedOption(policy)
    if (!option) continue
    engine.detach()
    throw new CacheError(
      'LARDER_CONFIG',
      `tables.${model}.${option} is not possible with a synchronous driver: use libSQL, or leave it out`,
    )
  }
}

/**
 * The same for the options of one call.
 * @throws CacheError naming the option.
 */
export function rejectUnsupportedCall({ connection }: Pick<WrapDeps, 'connection'>, call: CallPolicy): void {
  const option = connection && call ? unsupportedOption(call) : undefined
  if (option)
    throw new CacheError(
      'LARDER_CONFIG',
      `cached(db, { ${option} }) is not possible with a synchronous driver: use libSQL, or leave it out`,
    )
}

type Checked = {
  readonly [K in 'onMarkFailure' | 'singleFlight' | 'maxConcurrentLoads']?: PolicyOptions[K] | undefined
}

function unsupportedOption(policy: Checked): string | undefined {
  if (policy.onMarkFailure === 'reject') return "onMarkFailure: 'reject'"
  if (policy.singleFlight === 'cluster') return "singleFlight: 'cluster'"
  return policy.maxConcurrentLoads === undefined ? undefined : 'maxConcurrentLoads'
}

export function warnOfNativeCache(engine: Engine, db: DbParts): void {
  if (!hasNativeCache(db.session)) return
  const message =
    "this db was created with Drizzle's own cache. The db that drizzleCache returned does not use it, but the one you passed still does. Leave `cache` out of drizzle(…)"
  engine.events.emit('warning', { code: 'native-cache', message })
  // The event alone would go unnoticed, because no one can listen to it this early.
  process.emitWarning(`larder: ${message}`)
}

export function warnOfOtherCache(engine: Engine, cache: Cache, { session, $client }: DbParts): void {
  const use = registerClient(session.client ?? $client, cache)
  if (use === 'single cache') return
  const message =
    'the client of this db is wrapped by another cache already: until their ttl, the cached reads of one do not see what is written through the other. Use one cache for both'
  engine.events.emit('warning', { code: 'client-wrapped-twice', message })
  if (use === 'several caches, first report') process.emitWarning(`larder: ${message}`)
}
