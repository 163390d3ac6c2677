import { processWide } from '../base/process-wide.ts'

/**
 * A cache as the other caches of its process see it. Copies of this module of other versions read this interface: only add to
 * it, and never change a member.
 */
export interface ProcessCache {
  /** `sharedAs` of its store. Caches with the same store and namespace use the same tags. */
  readonly store: string
  readonly namespace: string
  /** Format of its memory store. Memory stores of two formats share nothing. */
  readonly format: string
  /** Version of the rules by which records are named. */
  readonly spelling: number
  /**
   * Another cache calls this when it begins a write. Reads of the records bypass the cache until the returned function is called.
   * @param records undefined: any record may change.
   */
  pending(records: readonly string[] | undefined): EndOfWrite
  /** True if it serves results that it has not compared with the store: it must hear of every write. Absent: it does not. */
  remembers?(): boolean
}

/** @param delivered whether the tags of this cache were invalidated. If not, this cache invalidates them itself. */
export type EndOfWrite = (delivered: boolean) => void

/** The membership of a cache among those of its process. */
export interface Membership {
  /** All caches of the process. `own` is how many of them are this cache: 1, or 0 after it has left. */
  readonly all: { readonly size: number }
  readonly ownCount: number
  /** The other caches with the same store and namespace. */
  siblings(): readonly ProcessCache[]
  leave(): void
}

interface Registry {
  /** Held weakly, so that a cache that is dropped without being closed can be collected. */
  readonly caches: Set<WeakRef<ProcessCache>>
}

/** Adds `cache` to those of the process. Only the membership keeps it alive. */
export function joinProcess(cache: ProcessCache): Membership {
  const { caches } = processWide('caches', (): Registry => ({ caches: new Set() }))
  for (const other of caches) if (!other.deref()) caches.delete(other)
  const reference = new WeakRef(cache)
  caches.add(reference)
  /** References to caches that share nothing with this one. Every write asks, and a reference is slow to follow. */
  const strangers = new WeakSet([reference])
  const siblings = (): readonly ProcessCache[] => {
    let found: ProcessCache[] | undefined
    for (const each of caches) {
      const other = strangers.has(each) ? undefined : each.deref()
      if (!other) continue
      if (other.store !== cache.store || other.namespace !== cache.namespace) strangers.add(each)
      else if (found) found.push(other)
      else found = [other]
    }
    return found ?? NONE
  }
  const membership = {
    all: caches,
    ownCount: 1,
    siblings,
    leave(): void {
      caches.delete(reference)
      membership.ownCount = 0
    },
  }
  return membership
}

const NONE: readonly ProcessCache[] = []
