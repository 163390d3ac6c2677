import type { Cache } from '@larder/core'
import { canonical } from '@larder/core/host'
import { Prisma } from '@prisma/client/extension'
import { type LockArguments, lockRow, type ModelContext } from '../execute/lock.ts'
import { type Operation, runOperation } from '../execute/operation.ts'
import type { OperationDeps } from '../execute/operation-deps.ts'
import { withOwnBytes, withOwnValues } from '../plan/argument.ts'
import { type CallPolicy, checkCall } from '../policy/policies.ts'
import { type BeginTransaction, isTransactionClient } from '../transaction/interactive-transaction.ts'
import type { ClientCache } from './extension-types.ts'
import { physicalRequest } from './invalidation.ts'
import type { CreateSurface } from './surface.ts'

/** An extension as Prisma takes it. */
type ExtensionArgs = Readonly<Record<string, unknown>>

/** A Prisma client as far as an extension may know it. */
export interface ExtendableClient {
  $extends(extension: ExtensionArgs): ExtendableClient
}

/** Clients kept for policies given per call; a policy is usually a literal, and there are few. */
const MOST_POLICIES = 200

/** Builds the extended forms of one client: one for the models' policies, one for each policy given per call. */
export function extendClient(
  deps: OperationDeps,
  cache: Cache,
  base: ExtendableClient,
  createSurface?: CreateSurface,
): ExtendableClient {
  const clientCache = cacheOf(deps, cache)
  const surface = createSurface?.(cache, clientCache)
  const run = (call: CallPolicy | undefined, op: Operation): Promise<unknown> => {
    const args = op.model === undefined ? withOwnValues(op.args) : withOwnBytes(op.args)
    return runOperation(deps, call, args === op.args ? op : { ...op, args })
  }

  const build = (under: ExtendableClient, call: CallPolicy | undefined): ExtendableClient => {
    const inner = under.$extends({
      name: 'larder',
      query: { $allOperations: surface ? surface.run.bind(surface, run, call) : run.bind(undefined, call) },
    })
    const begin = (inner as unknown as { $transaction: BeginTransaction }).$transaction
    // Building a client costs tens of microseconds, so equal policies share one.
    const byPolicy = new Map<string, ExtendableClient>()
    const withPolicy = (policy: CallPolicy): ExtendableClient => {
      const key = canonical(policy)
      // A copy: the client outlives this call, and the caller may change the object.
      const extended = byPolicy.get(key) ?? build(under, policy && { ...policy })
      if (byPolicy.size >= MOST_POLICIES) byPolicy.clear()
      byPolicy.set(key, extended)
      return extended
    }
    return inner.$extends({
      name: 'larder-client',
      model: {
        $allModels: {
          ...surface?.modelMethods,
          lock(this: object, args: LockArguments) {
            return lockRow(deps.models, deps.provider, Prisma.getExtensionContext(this) as ModelContext, args)
          },
        },
      },
      client: {
        // An extension put on later goes under the cache: arguments it changes must be in the key, and what it makes
        // of a result must not be stored for those who do not have it.
        $extends(this: object, extension: ExtensionArgs | Extend) {
          if (typeof extension === 'function') return extension(Prisma.getExtensionContext(this))
          return build(under.$extends(extension), call)
        },
        // The context is the client or the transaction's client that it was called on.
        $transaction(this: object, input: unknown, options: unknown) {
          return deps.transactions.run(begin, Prisma.getExtensionContext(this), input, options)
        },
        $cached(this: object, policy: unknown) {
          checkCall(deps.engine, policy)
          // A name that is misspelt shows here, not at the first statement.
          deps.declared.readBy(policy)
          const writes = deps.declared.writtenBy(policy)
          const self = Prisma.getExtensionContext(this)
          if (!isTransactionClient(self)) return withPolicy(policy)
          return writes ? deps.declared.over(self, writes) : self
        },
        $cache: clientCache,
        ...surface?.clientMembers,
      },
    })
  }
  return build(base, undefined)
}

/** An extension as a function, which extends the client it is given. */
type Extend = (client: unknown) => unknown

function cacheOf({ engine, models }: OperationDeps, cache: Cache): ClientCache {
  return {
    invalidate: async (request) => engine.invalidate(physicalRequest(models, request)),
    wrote: async (names) => engine.invalidate(physicalRequest(models, { models: names })),
    explain: cache.explain,
    stats: cache.stats,
  }
}
