import { randomUUID } from 'node:crypto'
import type { ReadEvent } from '@larder/core'

/** How a read was answered: what `withAccelerateInfo()` adds to its result. */
export interface AccelerateInfo {
  /**
   * - `ttl`: from the cache.
   * - `swr`: from the cache, where the result had expired. It is loaded again in the background.
   * - `miss`: from the database, although the read has a `cacheStrategy`.
   * - `none`: from the database, because the read has no `cacheStrategy` or is in a transaction.
   */
  cacheStatus: 'ttl' | 'swr' | 'miss' | 'none'
  /** When the result was loaded from the database. */
  lastModified: Date
  /** Always `'unspecified'`: the read is answered where the program runs. */
  region: string
  /** Another random id for each read. */
  requestId: string
  /** The key of the cached result: the same for equal reads. `'unspecified'` for a read without a key. */
  signature: string
}

/** Accelerate's word for a value that is not known. */
const UNSPECIFIED = 'unspecified'
const UNCACHED: ReadonlySet<unknown> = new Set(['transaction', 'no-policy', 'disabled'])

/**
 * Describes a read that has just ended.
 * @param read undefined: an extension answered the call without a read.
 */
export function infoOf(read: ReadEvent | undefined): AccelerateInfo {
  const { age = 0, key = UNSPECIFIED } = read ?? {}
  return {
    cacheStatus: statusOf(read),
    lastModified: new Date(Date.now() - age),
    region: UNSPECIFIED,
    requestId: randomUUID(),
    signature: key,
  }
}

function statusOf(read: ReadEvent | undefined): AccelerateInfo['cacheStatus'] {
  if (!read || UNCACHED.has(read.reason)) return 'none'
  if (read.source === 'database') return 'miss'
  return read.source === 'stale' ? 'swr' : 'ttl'
}
