import { Prisma } from '../../../prisma/generated/client/client.ts'

const kept = { published: true }

/** Deleting a post unpublishes it, and reads return published posts only. */
export const softDelete = Prisma.defineExtension((client) =>
  client.$extends({
    name: 'soft-delete',
    query: {
      post: {
        // `client` is the client that this extension was put on. It has no cache, in either order.
        delete: ({ args }) => client.post.update({ ...args, data: { published: false } }),
        deleteMany: ({ args }) => client.post.updateMany({ ...args, data: { published: false } }),
        findMany: ({ args, query }) => query({ ...args, where: { AND: [args.where ?? {}, kept] } }),
        findFirst: ({ args, query }) => query({ ...args, where: { AND: [args.where ?? {}, kept] } }),
        findUnique: ({ args, query }) => query({ ...args, where: Object.assign({}, args.where, kept) }),
        count: ({ args, query }) => query({ ...args, where: { AND: [args.where ?? {}, kept] } }),
      },
    },
  }),
)
