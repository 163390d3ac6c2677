import { type Cache, CacheError, type ValueTypes } from '@larder/core'
import { createStatementOrder, findUndeclaredViews } from '@larder/core/host'
import { Decimal } from '@prisma/client/runtime/client'
import { loadSqlParser } from '../optional/sql-parser.js'
import { type ExtendableClient, extendClient } from './client/client.ts'
import type { CacheExtension, ModelName, ModelPolicies } from './client/extension-types.ts'
import { extrasOf } from './client/extras.ts'
import type { CreateSurface } from './client/surface.ts'
import { connectionOf } from './connection/connection.ts'
import { hasOneConnection } from './connection/single-connection.ts'
import { unreachableOf } from './connection/unreachable.ts'
import { declaredTables } from './execute/declared-tables.ts'
import { createRawSql, dialectOf, isPostgres } from './execute/raw.ts'
import { activeProvider, clientVersion, globalOmit, hasPreviewFeature, omittedOf } from './internals.ts'
import { createReadPlans } from './plan/read-plans.ts'
import { type Policies, type PolicyOptionsByModel, policiesOf } from './policy/policies.ts'
import type { Datamodel } from './schema/datamodel.ts'
import { checkDatamodel } from './schema/mismatch.ts'
import { type ModelMap, modelMapOf } from './schema/model.ts'
import { runtimeDatamodel, runtimeSchema } from './schema/runtime-schema.ts'
import { schemaOf } from './schema/schema.ts'
import { checkModels } from './schema/tables/declared.ts'
import { checkVersion } from './schema/version.ts'
import { createTransactions } from './transaction/transaction.ts'
import { watchWrites } from './watch/unseen-writes.ts'
import { watchClient } from './watch/watch-client.ts'
import { createWrittenTables } from './watch/written-tables.ts'

/** Options of {@link prismaCache}. */
export interface PrismaCacheOptions<D extends Datamodel | undefined = undefined> {
  /** What `createCache` returned. Several clients may share one cache. */
  cache: Cache
  /** The datamodel that the generator `larder-prisma` wrote. Without it every dependency is on a whole table. */
  datamodel?: D
  /**
   * Name of the database: one to 32 letters, digits, `-`, `_`, `.`. It replaces host, port and database in the identity of
   * the client's entries. Clients of one name share entries and invalidations, so give it only to clients that reach one
   * database, directly or through a pooler. User, schema, search path, role, time zone, options and parsers still count.
   * Without it, clients of the same database share entries, and all clients without a name share invalidations.
   */
  database?: string
  /**
   * MySQL and MariaDB: the collation of the text columns that are keys, such as `'utf8mb4_unicode_ci'`. Reads by text keys
   * (cuid, uuid, nanoid) then depend on their rows. Without it they depend on the whole table. If the columns differ, name
   * a collation that is not binary. If one is missing from the list in docs/databases.md, leave the option out.
   */
  collation?: string
  /**
   * Policy per model, and `'*'` for every model without its own. A model without a policy, or with `false`, is not cached.
   * Its writes still invalidate what other models cached.
   */
  models?: ModelPolicies<D>
}

const OPTIONS: ReadonlySet<string> = new Set(['cache', 'datamodel', 'database', 'models', 'collation'])

/** Bump it when the objects that Prisma returns for a query change shape. Entries of the old shape are then not found. */
const ROW_SHAPE = 1

/**
 * Creates a Prisma client extension that caches reads and invalidates them on writes. Extend the client before its first
 * query. Other extensions run outside the cache, whether you add them before or after it. Writes through the client that
 * you extended are seen at the driver adapter, and invalidate whole tables.
 * @throws CacheError naming the option and the fix. `LARDER_CONFIG` for an unknown option at once. When it extends a client:
 * `LARDER_UNKNOWN_MODEL`, `LARDER_EXTENSION_TWICE`, and `LARDER_CONFIG` for a client of Prisma 6 or older, a datamodel of
 * another schema, a policy without a lifetime or an unknown collation.
 * @example
 * ```ts
 * import { createCache } from '@larder/core'
 * import { prismaCache } from '@larder/prisma'
 * import { datamodel } from './generated/larder.ts'
 *
 * const cache = createCache({ namespace: 'shop' })
 * const prisma = new PrismaClient({ adapter }).$extends(
 *   prismaCache({ cache, datamodel, models: { Product: { ttl: '10m' } } }),
 * )
 * ```
 */
export function prismaCache<const D extends Datamodel | undefined = undefined>(
  options: PrismaCacheOptions<D>,
): (client: unknown) => CacheExtension<ModelName<D>> {
  return cacheExtension(options) as (client: unknown) => CacheExtension<ModelName<D>>
}

/** How an extension differs from {@link prismaCache}. */
export interface ExtensionVariant {
  /** Named in errors. */
  readonly name: string
  /** See `OperationDeps.dependsOnWrites`. */
  readonly dependsOnWrites: boolean
  /** A model whose policy has no `ttl` is cached only by calls that bring one. False: such a policy is refused. */
  readonly lifetimePerCall: boolean
  readonly createSurface?: CreateSurface
}

const PLAIN: ExtensionVariant = { name: 'prismaCache', dependsOnWrites: true, lifetimePerCall: false }

/** Validates the options of an extension, and returns what extends a client. */
export function cacheExtension(
  options: PrismaCacheOptions<Datamodel | undefined>,
  variant: ExtensionVariant = PLAIN,
): (client: unknown) => unknown {
  checkOptions(options, variant.name)
  return (client) => {
    const base = client as ExtendableClient
    checkVersion(base, variant.name)
    if ('$cache' in (base as object))
      throw new CacheError(
        'LARDER_EXTENSION_TWICE',
        `Larder extends this client already: add it once. The order among other extensions does not matter, because they run outside the cache`,
      )
    return attach(options, variant, base)
  }
}

function attach(
  options: PrismaCacheOptions<Datamodel | undefined>,
  variant: ExtensionVariant,
  base: ExtendableClient,
): ExtendableClient {
  const written: PolicyOptionsByModel = options.models ?? {}
  const { datamodel } = options
  if (datamodel) checkDatamodel(datamodel, base)
  const described = datamodel ?? runtimeDatamodel(base)
  const models = modelMapOf(described, datamodel !== undefined)
  checkModels(described, Object.keys(written))
  const extras = extrasOf(models.names, written)
  const schema = datamodel ? schemaOf(datamodel, extras, options.collation) : runtimeSchema(base, extras)
  const provider = activeProvider(base)
  const undeclared = findUndeclaredViews(schema, viewsOf(models))
  const watch = watchClient(base)
  const order = hasOneConnection(base) ? createStatementOrder() : undefined
  const engine = options.cache.attach({
    name: 'prisma',
    schema,
    database: options.database,
    identity: [ROW_SHAPE, provider, clientVersion(base), described.digest, globalOmit(base)],
    connection: connectionOf(base, options.database === undefined ? watch?.connection : undefined),
    types: TYPES,
    ...(isPostgres(provider) && { sqlParser: loadSqlParser }),
    undeclaredViews: undeclared,
    inOrder: order !== undefined,
  })
  const announcements = watch?.announcementsOf(options.cache)
  const transactions = createTransactions(engine, order, announcements)
  const raw = createRawSql(engine, provider, transactions)
  const deps = {
    engine,
    announcements,
    models,
    reads: createReadPlans(models, TYPES, hasPreviewFeature(base, 'strictUndefinedChecks')),
    provider,
    isPostgres: isPostgres(provider),
    relationMode: described.relationMode,
    schema,
    omitted: (model: string) => omittedOf(globalOmit(base), model),
    policies: policiesOrDetach(engine, models, written, variant.lifetimePerCall),
    dependsOnWrites: variant.dependsOnWrites,
    transactions,
    raw,
    mayRefresh: () => transactions.idle && !raw.session.transaction && !raw.settings.altered,
    declared: declaredTables(models, new Set(schema.tables.keys())),
    undeclaredViews: undeclared,
    unreachable: unreachableOf(base),
  }
  if (announcements) {
    const written = createWrittenTables(dialectOf(provider))
    watch?.observe(
      options.cache,
      watchWrites({ engine, schema, announcements, raw, written, single: order !== undefined }),
    )
  } else engine.events.emit('warning', UNWATCHED)
  return extendClient(deps, options.cache, base, variant.createSurface)
}

const UNWATCHED = {
  code: 'unwatched-client',
  message:
    'this Prisma client was connected before it was extended, or its driver adapter cannot be watched. Writes by other extensions and by the client without the cache do not invalidate cached reads. Extend the client before its first query, or give it larderAdapter(adapter)',
}

/** Detaches the client again if a policy is invalid. */
function policiesOrDetach(...args: Parameters<typeof policiesOf>): Policies {
  try {
    return policiesOf(...args)
  } catch (error) {
    args[0].detach()
    throw error
  }
}

function viewsOf(models: ModelMap): readonly string[] {
  return models.names.filter((name) => models.model(name).view).map((name) => models.table(name))
}

/** Results hold the Decimal class of Prisma's own runtime, not that of another package. */
const TYPES: ValueTypes = {
  decimal: {
    is: (value) => Decimal.isDecimal(value),
    text: (value) => (value as Decimal).valueOf(),
    make: (text) => new Decimal(text),
    copy: (value) => new Decimal(value as Decimal),
  },
}

function checkOptions(options: PrismaCacheOptions<Datamodel | undefined>, extension: string): void {
  for (const name of Object.keys(options ?? {}))
    if (!OPTIONS.has(name))
      throw new CacheError(
        'LARDER_CONFIG',
        `${extension} has no option ${name}: there are ${[...OPTIONS].join(', ')}`,
      )
  if (typeof options?.cache?.attach !== 'function')
    throw new CacheError(
      'LARDER_CONFIG',
      `${extension}: cache is ${String(options?.cache)}: give what createCache() returned`,
    )
  if (options.collation !== undefined && !options.datamodel)
    throw new CacheError(
      'LARDER_CONFIG',
      `${extension}: collation needs \`datamodel\`, because keys of rows are known from it alone. Add the generator \`larder-prisma\` and pass its datamodel`,
    )
  const database: unknown = options.database
  if (database !== undefined && !(typeof database === 'string' && /^[\w.-]{1,32}$/.test(database)))
    throw new CacheError(
      'LARDER_CONFIG',
      `${extension}: database is ${JSON.stringify(database)}: give one to 32 letters, digits, or - _ .`,
    )
}
