import { Prisma } from '../../../../prisma/generated/client/client.ts'

type ReadArgs = { cacheStrategy?: unknown } & Record<string, unknown>

/**
 * What `@prisma/extension-accelerate` does over a driver adapter, where there is no service behind it: `cacheStrategy` is taken off,
 * every read goes to the database, there is no information about the answer, and an invalidation does nothing.
 */
export const withAccelerate = () =>
  Prisma.defineExtension((client) => {
    const stripped = client.$extends({
      query: {
        $allModels: {
          $allOperations({ args, query }) {
            const { cacheStrategy: _, ...rest } = args as ReadArgs
            return query(rest as typeof args)
          },
        },
      },
    })
    return stripped.$extends({
      client: {
        $accelerate: {
          invalidate: async (_: { tags: readonly string[] }) => ({ requestId: 'unspecified' }),
          invalidateAll: async () => ({ requestId: 'unspecified' }),
        },
      },
      model: {
        $allModels: {
          findMany(this: unknown, args: object) {
            const { $parent, $name } = Prisma.getExtensionContext(this) as never as {
              $parent: Record<string, { findMany(args: object): Promise<unknown> }>
              $name: string
            }
            const rows = $parent[$name]?.findMany(args)
            return Object.assign(rows ?? {}, {
              withAccelerateInfo: async () => ({ data: await rows, info: null }),
            })
          },
        },
      },
    })
  })
