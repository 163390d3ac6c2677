import { randomUUID } from 'node:crypto'
import { type Cache, CacheError } from '@larder/core'
import { Prisma } from '@prisma/client/extension'
import type { ClientCache } from '../client/extension-types.ts'
import type { ClientSurface, ModelMethod } from '../client/surface.ts'
import { KINDS, SHAPES } from '../plan/operations.ts'
import type { Accelerate } from './extension-types.ts'
import { type AccelerateInfo, infoOf } from './info.ts'
import { createObservedReads } from './observed-reads.ts'
import { mapPromise, type PrismaPromise } from './prisma-promise.ts'
import { checkTags, createStrategies } from './strategy.ts'

/** The argument in which `withAccelerateInfo` passes a callback. Prisma copies arguments, but no functions in them. */
const ON_INFO = '__accelerateInfo'

/** The arguments of a read, with what is not Prisma's. */
interface ReadArguments {
  readonly cacheStrategy?: unknown
  readonly [ON_INFO]?: (info: AccelerateInfo) => void
}

/** A model of a client, as Prisma hands it to a method of an extension. */
interface ModelContext {
  readonly $name: string
  readonly $parent: Readonly<Record<string, Readonly<Record<string, (args: unknown) => PrismaPromise>>>>
}

/** What Accelerate adds to a client, over Larder's cache. */
export function createAccelerateSurface(cache: Cache, clientCache: ClientCache): ClientSurface {
  const strategies = createStrategies()
  const observed = createObservedReads(cache)
  return {
    async run(run, call, op) {
      if (KINDS.get(op.operation) !== 'read') return run(call, op)
      const { cacheStrategy, [ON_INFO]: onInfo, ...args } = op.args as ReadArguments
      const options =
        call === false || cacheStrategy == null ? call : (strategies.of(cacheStrategy, call) ?? false)
      const read = (): Promise<unknown> => run(options, { ...op, args })
      if (!onInfo) return read()
      return observed.run(read, (reads) => {
        // Other extensions may have made further reads on the way.
        onInfo(infoOf(reads.findLast((report) => report.operation === `${op.model}.${op.operation}`)))
      })
    },
    modelMethods: Object.fromEntries([...SHAPES.keys()].map((operation) => [operation, methodOf(operation)])),
    clientMembers: { $accelerate: accelerateOf(clientCache) },
  }
}

/** A read of a model whose promise has `withAccelerateInfo`. */
function methodOf(operation: string): ModelMethod {
  return function read(this: object, args: unknown) {
    const { $parent, $name } = Prisma.getExtensionContext(this) as unknown as ModelContext
    const send = (sent: unknown): PrismaPromise => $parent[$name]?.[operation]?.(sent) as PrismaPromise
    return Object.assign(send(args), {
      withAccelerateInfo() {
        let info: AccelerateInfo | undefined
        const onInfo = (observed: AccelerateInfo): void => {
          info = observed
        }
        const reading = send({ ...(args as object | undefined), [ON_INFO]: onInfo })
        return mapPromise(reading, (data) => ({ data, info: info ?? infoOf(undefined) }))
      },
    })
  }
}

function accelerateOf(cache: ClientCache): Accelerate {
  return {
    async invalidate(input) {
      const tags: unknown = (input as { tags?: unknown } | undefined)?.tags
      checkTags('$accelerate.invalidate: tags', tags)
      if (!tags.length)
        throw new CacheError('LARDER_CONFIG', '$accelerate.invalidate: tags is empty: give one to five tags')
      await cache.invalidate({ tags })
      return { requestId: randomUUID() }
    },
    async invalidateAll() {
      await cache.invalidate({ all: true })
      return { requestId: randomUUID() }
    },
  }
}
