import { CacheError, type Engine, notBuilt, type Policy, type PolicyOptions } from '@larder/core'
import type { ModelMap } from './model.ts'

/** A policy for one call: `false` goes past the cache. */
export type CallPolicy = PolicyOptions | false

/** Policies of one client, as its models and one call's options make them. */
export interface Policies {
  /** Undefined: the model is not cached. Throws for a call whose merged policy has no lifetime. */
  of(model: string, call: CallPolicy | undefined): Policy | undefined
}

/** The key of `models` that stands for every model without a policy of its own. */
const EVERY_MODEL = '*'
/** Options that describe the schema; one call cannot change it. */
const OF_THE_MODEL = ['touches', 'lookupKeys', 'reads'] as const
/** Options of `$cached` for raw SQL, which a later version brings. */
const OF_RAW_SQL = ['reads', 'writes'] as const

/**
 * Validates the policies of all models at once, so that a mistake shows at construction.
 * @throws CacheError naming the model or option, its value and the fix.
 */
export function policiesOf(
  engine: Engine,
  models: ModelMap,
  options: Readonly<Record<string, PolicyOptions | undefined>>,
): Policies {
  for (const name of Object.keys(options)) if (name !== EVERY_MODEL) models.model(name)
  const own = new Map<string, Policy | undefined>()
  const written = (model: string): PolicyOptions | undefined =>
    Object.hasOwn(options, model) ? options[model] : options[EVERY_MODEL]
  for (const model of models.names) {
    const found = written(model)
    own.set(model, found && engine.policy(found, `models.${Object.hasOwn(options, model) ? model : `'*'`}`))
  }
  const merged = new WeakMap<PolicyOptions, Map<string, Policy>>()
  return {
    of(model, call) {
      if (call === undefined) return own.get(model)
      if (call === false) return undefined
      const byModel = merged.get(call) ?? new Map<string, Policy>()
      merged.set(call, byModel)
      const known = byModel.get(model)
      if (known) return known
      const policy = engine.policy({ ...written(model), ...call }, `$cached(…) on ${model}`)
      byModel.set(model, policy)
      return policy
    },
  }
}

/**
 * Refuses options of `$cached` that no call can have.
 * @throws CacheError naming the option.
 */
export function checkCall(engine: Engine, call: unknown): asserts call is CallPolicy {
  if (call === false) return
  if (typeof call !== 'object' || call === null)
    throw new CacheError(
      'LARDER_CONFIG',
      `$cached takes a policy such as { ttl: '30s' }, or false; not ${String(call)}`,
    )
  for (const name of OF_RAW_SQL) if (name in call) throw notBuilt(`$cached({ ${name} })`)
  for (const name of OF_THE_MODEL)
    if (name in call)
      throw new CacheError(
        'LARDER_CONFIG',
        `$cached({ ${name} }) describes the model: give it in models, not per call`,
      )
  engine.policy({ ttl: 1, ...call }, '$cached')
}
