import { type Counter, createCounter } from '@larder/structures'
import { prismaFlush } from '@larder/structures/prisma'
import type { Redis } from 'iovalkey'
import type { Database } from './database.ts'

/**
 * Counts views in Valkey, and writes their sums once a second. A thousand views of a product are one UPDATE, and a batch that
 * is delivered twice counts once. What Valkey loses before it is written is lost: a second or so of views.
 */
export function countViews(client: Redis, db: Database): Counter {
  return createCounter(client, {
    name: 'product-views',
    every: '1s',
    flush: prismaFlush(db, {
      batches: 'viewBatch',
      async apply(tx, views) {
        // In one order: two processes that write the same products never wait for each other.
        const ids = [...views.keys()].map(Number).sort((a, b) => a - b)
        for (const productId of ids)
          await tx.productViews.updateMany({
            where: { productId },
            data: { count: { increment: views.get(String(productId)) ?? 0 } },
          })
      },
    }),
  })
}
