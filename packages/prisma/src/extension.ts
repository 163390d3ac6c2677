import { type Cache, CacheError, type PolicyOptions, type ValueTypes } from '@larder/core'
import { createStatementOrder, findUndeclaredViews } from '@larder/core/host'
import { Decimal } from '@prisma/client/runtime/client'
import { loadSqlParser } from '../optional/sql-parser.js'
import { type ExtendableClient, extendClient } from './client/client.ts'
import type { CacheExtension, ModelName, ModelPolicies } from './client/extension-types.ts'
import { extrasOf } from './client/extras.ts'
import { connectionOf } from './connection/connection.ts'
import { hasOneConnection } from './connection/single-connection.ts'
import { declaredTables } from './execute/declared-tables.ts'
import { createRawSql, dialectOf, isPostgres } from './execute/raw.ts'
import { activeProvider, clientVersion, globalOmit, omittedOf } from './internals.ts'
import { type Policies, policiesOf } from './policy/policies.ts'
import type { Datamodel } from './schema/datamodel.ts'
import { checkDatamodel } from './schema/mismatch.ts'
import { type ModelMap, modelMapOf } from './schema/model.ts'
import { runtimeDatamodel, runtimeSchema } from './schema/runtime-schema.ts'
import { schemaOf } from './schema/schema.ts'
import { createTransactions } from './transaction/transaction.ts'
import { watchWrites } from './watch/unseen-writes.ts'
import { watchClient } from './watch/watch-client.ts'
import { createWrittenTables } from './watch/written-tables.ts'

/** Options of {@link prismaCache}. */
export interface PrismaCacheOptions<D extends Datamodel | undefined = undefined> {
  cache: Cache
  /** From the generator `larder-prisma`. Without it every dependency is on whole tables. */
  datamodel?: D
  /**
   * Name of the database, one to 32 letters, digits, or `- _ .`. It replaces host, port and database in what tells the
   * entries of this client from others: clients that give one name share entries and invalidations, so give it only to
   * clients that reach one database, perhaps by different addresses (direct and through a pooler). User, schema, search path, role,
   * time zone, options and parsers still count. Without it, clients share entries where they are connected to the same database,
   * and invalidations with all clients without a name.
   */
  database?: string
  /**
   * MySQL and MariaDB: the collation of the text columns that are keys, such as `'utf8mb4_unicode_ci'`. Reads by text
   * keys (cuid, uuid, nanoid) are then tied to their rows. Without it they depend on the whole table. Where columns
   * differ, name one that is not binary; where one is not in the list of docs/databases.md, leave it out.
   */
  collation?: string
  /** Policy per model; `'*'` for every model without its own. A model without a policy is not cached. */
  models?: ModelPolicies<D>
}

const OPTIONS: ReadonlySet<string> = new Set(['cache', 'datamodel', 'database', 'models', 'collation'])

/** Bumped when the objects that Prisma returns for one query change shape: entries of the old shape are not found. */
const ROW_SHAPE = 1

/**
 * A Prisma client extension that caches reads and invalidates on writes. `$extends(prismaCache({…}))`.
 * Other extensions run outside the cache, put on before it or after. What they write through the client they were put on,
 * and what any unextended client of the same `PrismaClient` writes, is seen at the driver adapter and invalidated.
 * @throws CacheError naming the option and the fix, when it is put on a client: unknown models, a datamodel of another
 * schema, a policy without a lifetime, a collation that is not known, the extension put on twice.
 */
export function prismaCache<const D extends Datamodel | undefined = undefined>(
  options: PrismaCacheOptions<D>,
): (client: unknown) => CacheExtension<ModelName<D>> {
  checkOptions(options)
  return (client) => {
    const base = client as ExtendableClient
    if ('$cache' in (base as object))
      throw new CacheError(
        'LARDER_EXTENSION_TWICE',
        'prismaCache is on this client already: put it on once. The order among other extensions does not matter: they run outside the cache whichever is put on first',
      )
    return attach(options, base) as unknown as CacheExtension<ModelName<D>>
  }
}

function attach(
  options: PrismaCacheOptions<Datamodel | undefined>,
  base: ExtendableClient,
): ExtendableClient {
  const written: Readonly<Record<string, PolicyOptions | undefined>> = options.models ?? {}
  const { datamodel } = options
  if (datamodel) checkDatamodel(datamodel, base)
  const described = datamodel ?? runtimeDatamodel(base)
  const models = modelMapOf(described, datamodel !== undefined)
  for (const name of Object.keys(written)) if (name !== '*') models.model(name)
  const extras = extrasOf(models.names, written)
  const schema = datamodel ? schemaOf(datamodel, extras, options.collation) : runtimeSchema(base, extras)
  const provider = activeProvider(base)
  const blind = findUndeclaredViews(schema, viewsOf(models))
  const watch = watchClient(base)
  const engine = options.cache.attach({
    name: 'prisma',
    schema,
    database: options.database,
    identity: [ROW_SHAPE, provider, clientVersion(base), described.digest, globalOmit(base)],
    connection: connectionOf(base, options.database === undefined ? watch?.connection : undefined),
    types: TYPES,
    ...(isPostgres(provider) && { sqlParser: loadSqlParser }),
    undeclaredViews: blind,
  })
  const order = hasOneConnection(base) ? createStatementOrder() : undefined
  const announcements = watch?.announcementsOf(options.cache)
  const transactions = createTransactions(engine, order, announcements)
  const raw = createRawSql(engine, provider, transactions)
  const room = {
    engine,
    announcements,
    models,
    provider,
    relationMode: described.relationMode,
    schema,
    omitted: (model: string) => omittedOf(globalOmit(base), model),
    policies: policiesOrDetach(engine, models, written),
    transactions,
    raw,
    declared: declaredTables(models, new Set(schema.tables.keys())),
    blindViews: blind,
  }
  if (announcements) {
    const written = createWrittenTables(dialectOf(provider))
    watch?.observe(
      options.cache,
      watchWrites({ engine, schema, announcements, raw, written, single: order !== undefined }),
    )
  } else engine.events.emit('warning', UNWATCHED)
  return extendClient(room, options.cache, base)
}

const UNWATCHED = {
  code: 'unwatched-client',
  message:
    'this Prisma client was connected before it was extended, or has no driver adapter that can be watched: what other extensions and unextended clients write is not seen. Extend it before its first query, or give it larderAdapter(adapter)',
}

/** A mistake in a policy leaves the cache as it was: the next try finds the name free. */
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

/** Prisma's results hold the Decimal of its own runtime: another package's class would not be the same. */
const TYPES: ValueTypes = {
  decimal: {
    is: (value) => Decimal.isDecimal(value),
    text: (value) => (value as Decimal).valueOf(),
    make: (text) => new Decimal(text),
  },
}

function checkOptions(options: PrismaCacheOptions<Datamodel | undefined>): void {
  for (const name of Object.keys(options ?? {}))
    if (!OPTIONS.has(name))
      throw new CacheError(
        'LARDER_CONFIG',
        `prismaCache has no option ${name}: there are ${[...OPTIONS].join(', ')}`,
      )
  if (typeof options?.cache?.attach !== 'function')
    throw new CacheError(
      'LARDER_CONFIG',
      `prismaCache: cache is ${String(options?.cache)}: give what createCache() returned`,
    )
  if (options.collation !== undefined && !options.datamodel)
    throw new CacheError(
      'LARDER_CONFIG',
      'prismaCache: collation needs `datamodel`: without it no key of a row is known. Add the generator `larder-prisma` and pass its datamodel',
    )
  const database: unknown = options.database
  if (database !== undefined && !(typeof database === 'string' && /^[\w.-]{1,32}$/.test(database)))
    throw new CacheError(
      'LARDER_CONFIG',
      `prismaCache: database is ${JSON.stringify(database)}: give one to 32 letters, digits, or - _ .`,
    )
}
