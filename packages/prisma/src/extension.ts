import { blindViews, type Cache, CacheError, type PolicyOptions, type ValueTypes } from '@larder/core'
import { Decimal } from '@prisma/client/runtime/client'
import { type ExtendableClient, extendClient } from './client.ts'
import { connectionOf } from './connection.ts'
import type { Datamodel } from './datamodel.ts'
import { declaredTables } from './declared-tables.ts'
import type { CacheExtension, ModelName, ModelPolicies } from './extension-types.ts'
import { extrasOf } from './extras.ts'
import { activeProvider, clientVersion, globalOmit, omittedOf } from './internals.ts'
import { checkDatamodel } from './mismatch.ts'
import { type ModelMap, modelMapOf } from './model.ts'
import { type Policies, policiesOf } from './policies.ts'
import { createRawSql, isPostgres } from './raw.ts'
import { runtimeDatamodel, runtimeSchema } from './runtime-schema.ts'
import { schemaOf } from './schema.ts'
import { loadSqlParser } from './sql-parser.ts'
import { createTransactions } from './transaction.ts'

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
  /** Policy per model; `'*'` for every model without its own. A model without a policy is not cached. */
  models?: ModelPolicies<D>
}

const OPTIONS: ReadonlySet<string> = new Set(['cache', 'datamodel', 'database', 'models'])

/** Bumped when the objects that Prisma returns for one query change shape: entries of the old shape are not found. */
const ROW_SHAPE = 1

/**
 * A Prisma client extension that caches reads and invalidates on writes. `$extends(prismaCache({…}))`.
 * Extensions put on later go under it.
 * @throws CacheError naming the option and the fix, when it is put on a client: unknown models, a datamodel of another
 * schema, a policy without a lifetime, the extension put on twice.
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
        'prismaCache is on this client already: put it on once, last',
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
  const schema = datamodel ? schemaOf(datamodel, extras) : runtimeSchema(base, extras)
  const provider = activeProvider(base)
  const blind = blindViews(schema, viewsOf(models))
  const engine = options.cache.attach({
    name: 'prisma',
    schema,
    database: options.database,
    identity: [ROW_SHAPE, provider, clientVersion(base), described.digest, globalOmit(base)],
    connection: connectionOf(base),
    types: TYPES,
    ...(isPostgres(provider) && { sqlParser: loadSqlParser }),
    blindViews: blind,
  })
  const transactions = createTransactions(engine)
  const room = {
    engine,
    models,
    provider,
    relationMode: described.relationMode,
    omitted: (model: string) => omittedOf(globalOmit(base), model),
    policies: policiesOrDetach(engine, models, written),
    transactions,
    raw: createRawSql(engine, provider, transactions),
    declared: declaredTables(models, new Set(schema.tables.keys())),
    blindViews: blind,
  }
  return extendClient(room, options.cache, base)
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
  const database: unknown = options.database
  if (database !== undefined && !(typeof database === 'string' && /^[\w.-]{1,32}$/.test(database)))
    throw new CacheError(
      'LARDER_CONFIG',
      `prismaCache: database is ${JSON.stringify(database)}: give one to 32 letters, digits, or - _ .`,
    )
}
