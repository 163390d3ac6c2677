import { type Cache, canonical } from '@larder/core'
import { Prisma } from '@prisma/client/extension'
import type { ClientCache } from './extension-types.ts'
import { type ExtensionArgs, extensionsOf } from './internals.ts'
import { physicalRequest } from './invalidation.ts'
import { type Operation, type OperationRoom, runOperation } from './operation.ts'
import { type CallPolicy, checkCall } from './policies.ts'
import { type BeginTransaction, isTransactionClient } from './transaction.ts'

/** A Prisma client as far as an extension may know it. */
export interface ExtendableClient {
  $extends(extension: ExtensionArgs): ExtendableClient
}

/** Clients kept for policies given per call; a policy is usually a literal, and there are few. */
const MOST_POLICIES = 200

/** Builds the extended forms of one client: one for the models' policies, one for each policy given per call. */
export function extendClient(room: OperationRoom, cache: Cache, base: ExtendableClient): ExtendableClient {
  const clientCache = cacheOf(room, cache)
  const byClient = new WeakMap<object, Map<string, ExtendableClient>>()

  const build = (call: CallPolicy | undefined): ExtendableClient => {
    const inner = base.$extends({
      name: 'larder',
      query: { $allOperations: (one: Operation) => runOperation(room, call, one) },
    })
    const begin = (inner as unknown as { $transaction: BeginTransaction }).$transaction
    return inner.$extends({
      name: 'larder-client',
      client: {
        // The context is the outermost client, so that extensions added later see the operations inside.
        $transaction(this: object, input: unknown, options: unknown) {
          return room.transactions.run(begin, Prisma.getExtensionContext(this), input, options)
        },
        $cached(this: object, policy: unknown) {
          checkCall(room.engine, policy)
          const self = Prisma.getExtensionContext(this)
          return isTransactionClient(self) ? self : withPolicy(policy, self)
        },
        $cache: clientCache,
      },
    })
  }

  /** Building a client costs tens of microseconds, so equal policies on one client share one. */
  const withPolicy = (policy: CallPolicy, self: object): ExtendableClient => {
    const byPolicy = byClient.get(self) ?? new Map<string, ExtendableClient>()
    byClient.set(self, byPolicy)
    const key = canonical(policy)
    const known = byPolicy.get(key)
    if (known) return known
    // A copy: the client outlives this call, and the caller may change the object.
    const built = build(policy && { ...policy })
    const made = later(self).reduce((client, extension) => client.$extends(extension), built)
    if (byPolicy.size >= MOST_POLICIES) byPolicy.clear()
    byPolicy.set(key, made)
    return made
  }

  return build(undefined)
}

/** Extensions put on after ours: a client under another policy must have them too. */
function later(self: unknown): readonly ExtensionArgs[] {
  const all = extensionsOf(self)
  return all.slice(all.findLastIndex((extension) => extension['name'] === 'larder-client') + 1)
}

function cacheOf({ engine, models }: OperationRoom, cache: Cache): ClientCache {
  return {
    invalidate: async (request) => engine.invalidate(physicalRequest(models, request)),
    explain: cache.explain,
    stats: cache.stats,
  }
}
