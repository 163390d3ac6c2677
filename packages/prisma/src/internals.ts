import { CacheError } from '@larder/core'

/**
 * Reads private fields of a Prisma client. Each function names its field and checks what it reads, because a minor
 * release of Prisma may change it.
 */

/** A field of `_runtimeDataModel`: no arity, no keys, no default. */
export interface RuntimeField {
  readonly name: string
  readonly kind: string
  readonly type: string
  readonly relationName?: string
  readonly dbName?: string
}

export interface RuntimeModel {
  readonly dbName?: string | null
  readonly schema?: string | null
  readonly fields: readonly RuntimeField[]
}

/** Models by name, as the generated client carries them. */
export type RuntimeModels = Readonly<Record<string, RuntimeModel>>

/** Reads `_runtimeDataModel.models` of a client. Throws `LARDER_CONFIG` where this Prisma has none. */
export function runtimeModels(client: unknown): RuntimeModels {
  const models = (client as { _runtimeDataModel?: { models?: RuntimeModels } } | undefined)?._runtimeDataModel
    ?.models
  const description =
    typeof models === 'object' &&
    models !== null &&
    Object.values(models).every((model) => Array.isArray(model?.fields))
  if (description) return models
  throw new CacheError(
    'LARDER_CONFIG',
    'prismaCache: this Prisma client does not show its models, so its tables are unknown. Add the generator `larder-prisma` to the schema, run `prisma generate`, and pass `datamodel`.',
  )
}

/** Reads `_activeProvider` of a client: `'postgresql'`, `'sqlite'` …; `'unknown'` where this Prisma has none. */
export function activeProvider(client: unknown): string {
  const provider = (client as { _activeProvider?: unknown } | undefined)?._activeProvider
  return typeof provider === 'string' ? provider : 'unknown'
}

/** Reads `_engineConfig.inlineSchema` of a client: the text of its schema; empty where this Prisma has none. */
export function schemaText(client: unknown): string {
  const config = (client as { _engineConfig?: { inlineSchema?: unknown } } | undefined)?._engineConfig
  return typeof config?.inlineSchema === 'string' ? config.inlineSchema : ''
}

/** Reads `_engineConfig.previewFeatures` of a client: true if the client was generated with the feature. */
export function hasPreviewFeature(client: unknown, feature: string): boolean {
  const features = (client as { _engineConfig?: { previewFeatures?: unknown } } | undefined)?._engineConfig
    ?.previewFeatures
  return Array.isArray(features) && features.includes(feature)
}

/** A factory of driver adapters, as far as it is read here: where those that are known keep what they connect to. */
export interface AdapterParts {
  readonly adapterName?: unknown
  readonly options?: unknown
  readonly config?: unknown
  readonly externalPool?: object | null
  /** Of PGlite's. */
  readonly client?: unknown
  connect?(): unknown
}

/** Reads `_engineConfig.adapter` of a client; undefined where it has none. */
export function adapterOf(client: unknown): AdapterParts | undefined {
  const adapter = (client as { _engineConfig?: { adapter?: unknown } } | undefined)?._engineConfig?.adapter
  return typeof adapter === 'object' && adapter !== null ? adapter : undefined
}

/** Reads `_globalOmit` of a client: fields left out of every result, by model; null where there are none. */
export function globalOmit(client: unknown): unknown {
  return (client as { _globalOmit?: unknown } | undefined)?._globalOmit ?? null
}

/** The fields of one model among those: `omit: { user: { password: true } }` names it as the client does. */
export function omittedOf(omit: unknown, model: string): ReadonlySet<string> {
  const name = `${model.charAt(0).toLowerCase()}${model.slice(1)}`
  const fields: unknown = (omit as Readonly<Record<string, unknown>> | null)?.[name]
  if (typeof fields !== 'object' || fields === null) return new Set()
  return new Set(Object.entries(fields).flatMap(([field, left]) => (left === true ? [field] : [])))
}

/** Reads `_clientVersion` of a client. */
export function clientVersion(client: unknown): string {
  const version = (client as { _clientVersion?: unknown } | undefined)?._clientVersion
  return typeof version === 'string' ? version : 'unknown'
}

/** The `transaction` that Prisma passes along with one operation of an interactive or an array transaction. */
export interface OperationTransaction {
  readonly kind: 'itx' | 'batch'
  readonly id: string | number
}

/** What of a query hook's `__internalParams` is read. */
export interface HookInternals {
  readonly transaction: OperationTransaction | undefined
  readonly dataPath: readonly unknown[]
}

/**
 * Reads `transaction` and `dataPath` of a hook's `__internalParams`: the only signals that tell one operation in a
 * transaction from one beside it, and a fluent call from a plain one.
 */
export function hookInternals(params: unknown): HookInternals {
  const { transaction, dataPath } = (params ?? {}) as {
    transaction?: OperationTransaction
    dataPath?: readonly unknown[]
  }
  return { transaction, dataPath: dataPath ?? [] }
}

/**
 * The id of the interactive transaction a client belongs to, undefined for any other client. Asked of
 * `_createPrismaPromise`, which hands the transaction to its callback without running a query.
 */
export function interactiveIdOf(client: unknown): string | undefined {
  const create = (client as { _createPrismaPromise?: PromiseMaker } | undefined)?._createPrismaPromise
  if (typeof create !== 'function') return undefined
  let transaction: OperationTransaction | undefined
  // The callback is called by `then`, before it returns: waiting for it would let other statements overtake the body's.
  void create(async (config) => {
    transaction = config
  }).then(() => {})
  return transaction?.kind === 'itx' ? String(transaction.id) : undefined
}

type PromiseMaker = (
  callback: (transaction: OperationTransaction | undefined) => Promise<void>,
) => PromiseLike<void>
