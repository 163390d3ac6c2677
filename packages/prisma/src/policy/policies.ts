import { CacheError, type PolicyOptions } from '@larder/core'
import type { Engine, Policy } from '@larder/core/host'
import { SHAPES } from '../plan/operations.ts'
import type { ModelMap } from '../schema/model.ts'

/** A policy for one call. `false`: the call bypasses the cache. */
export type CallPolicy = CallOptions | false

/** Options of `$cached`: those of a policy, merged over the model's own, and two for raw SQL. */
export interface CallOptions extends PolicyOptions {
  /**
   * The models, or tables by physical name, that the raw SQL of this client writes. Only they are invalidated. An empty
   * array declares that the SQL writes nothing.
   */
  writes?: readonly string[]
  /** The models, or tables by physical name, that the raw SQL of this client reads. It is then cached, and needs a `ttl`. */
  reads?: readonly string[]
}

/** Policies as the user writes them, by model. `false`: the model is not cached. */
export type PolicyOptionsByModel = Readonly<Record<string, PolicyOptions | false | undefined>>

/** The policies of one client: those of its models, with the options of a call merged over them. */
export interface Policies {
  /** The policies of the models. Undefined: the model is not cached. */
  readonly byModel: ReadonlyMap<string, Policy | undefined>
  /** Undefined: the model is not cached. Throws for a call whose merged policy has no lifetime. */
  of(model: string, call: CallPolicy | undefined): Policy | undefined
  /** The policy of raw reads, which have no model. */
  raw(call: CallOptions): Policy
}

/** The key of `models` that stands for every model without a policy of its own. */
const EVERY_MODEL = '*'
/** Options that describe the schema, or all writes of a table; one call cannot change them. */
const OF_THE_MODEL = ['touches', 'lookupKeys', 'onMarkFailure', 'write'] as const
/** Options of `$cached` for raw SQL alone. */
const OF_RAW_SQL: readonly string[] = ['reads', 'writes']

/**
 * Validates the policies of all models at once, so that a mistake shows at construction.
 * @param lifetimePerCall a policy without a `ttl` is valid, and its model is cached only by calls that bring one.
 * @throws CacheError naming the model or option, its value and the fix.
 */
export function policiesOf(
  engine: Engine,
  models: ModelMap,
  options: PolicyOptionsByModel,
  lifetimePerCall = false,
): Policies {
  for (const name of Object.keys(options)) if (name !== EVERY_MODEL) models.model(name)
  const byModel = new Map<string, Policy | undefined>()
  for (const model of models.names) {
    const written = writtenFor(options, model)
    const path = `models.${Object.hasOwn(options, model) ? model : `'*'`}`
    const perCall = lifetimePerCall && written?.ttl === undefined
    const complete = written && perCall ? { ...written, ttl: 1 } : written
    const policy =
      complete &&
      keyed(models, checked(engine.policy(complete, path, { table: models.table(model) }), path), path)
    byModel.set(model, perCall ? undefined : policy)
  }
  const merged = new WeakMap<CallOptions, Map<string, Policy>>()
  const raw = new WeakMap<CallOptions, Policy>()
  return {
    byModel,
    raw(call) {
      const policy =
        raw.get(call) ?? engine.policy({ ...policyOptions(call), write: 'invalidate' }, '$cached')
      raw.set(call, policy)
      return policy
    },
    of(model, call) {
      if (call === undefined) return byModel.get(model)
      if (call === false) return undefined
      const ofCall = merged.get(call) ?? new Map<string, Policy>()
      merged.set(call, ofCall)
      const remembered = ofCall.get(model)
      if (remembered) return remembered
      const path = `$cached(…) on ${model}`
      const policy = checked(
        engine.policy({ ...writtenFor(options, model), ...policyOptions(call) }, path, {
          ttlFix: `add a ttl to the call, or give ${model} a policy in models`,
        }),
        path,
      )
      ofCall.set(model, policy)
      return policy
    },
  }
}

/** The policy a model has as the user wrote it: its own, even if that is `false` or `undefined`, or that of `'*'`. */
export function writtenFor(options: PolicyOptionsByModel, model: string): PolicyOptions | undefined {
  return (Object.hasOwn(options, model) ? options[model] : options[EVERY_MODEL]) || undefined
}

/**
 * Refuses options of `$cached` that no call can have.
 * @throws CacheError naming the option.
 */
export function checkCall(engine: Engine, call: unknown): asserts call is CallPolicy {
  if (call === false) return
  if (typeof call !== 'object' || call === null || Array.isArray(call))
    throw new CacheError(
      'LARDER_CONFIG',
      `$cached takes a policy such as { ttl: '30s' }, or false; not ${String(call)}`,
    )
  for (const name of OF_THE_MODEL)
    if (name in call)
      throw new CacheError(
        'LARDER_CONFIG',
        `$cached({ ${name} }) describes the model: give it in models, not per call`,
      )
  // Raw SQL has no model to take a lifetime from.
  const options = call as CallOptions
  const policy = options.reads ? policyOptions(options) : { ttl: 1, ...policyOptions(options) }
  checked(engine.policy(policy, '$cached'), '$cached')
}

/** A misspelt operation name would silently disable the cache. */
function checked(policy: Policy, path: string): Policy {
  const unknown = [...(policy.operations ?? [])].find((name) => !SHAPES.has(name))
  if (unknown === undefined) return policy
  throw new CacheError(
    'LARDER_CONFIG',
    `${path}.operations names ${JSON.stringify(unknown)}, which is no read: use ${[...SHAPES.keys()].join(', ')}`,
  )
}

/** Write-through stores a row for reads by its keys, which only a datamodel describes. */
function keyed(models: ModelMap, policy: Policy, path: string): Policy {
  if (policy.write !== 'through' || models.keyed) return policy
  throw new CacheError(
    'LARDER_CONFIG',
    `${path}.write is "through", which needs \`datamodel\`, because keys of rows are known from it alone. Add the generator \`larder-prisma\` and pass its datamodel`,
  )
}

/** The policy options of a call. An option that is present but undefined does not replace the model's. */
function policyOptions(call: CallOptions): PolicyOptions {
  const isPolicyOption = ([name, value]: [string, unknown]) =>
    value !== undefined && !OF_RAW_SQL.includes(name)
  return Object.fromEntries(Object.entries(call).filter(isPolicyOption))
}
