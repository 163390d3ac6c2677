import { processWide } from '../base/process-wide.ts'

/**
 * A cache as the other caches of its process know it. Copies of this module of other versions read this: add to it, and
 * never change what is there.
 */
export interface ProcessCache {
  /** What its store shares with other stores, and the namespace: caches with the same of both use the same tags. */
  readonly store: string
  readonly namespace: string
  /** Format of what memory stores of one namespace share. Those of two formats are two stores. */
  readonly format: string
  /** Number of the rules by which records are named. */
  readonly spelling: number
  /**
   * Another cache begins a write. Reads of the records go to the database until the returned function is called.
   * @param records undefined: any may change.
   */
  pending(records: readonly string[] | undefined): EndOfWrite
  /** True if it serves results that it has not compared with the store: it must hear of every write. Absent: it does not. */
  remembers?(): boolean
}

/** @param delivered whether the tags that this cache uses have been changed; else it does so itself. */
export type EndOfWrite = (delivered: boolean) => void

/** A cache's place among those of its process. */
export interface Membership {
  /** All caches of the process, with the number of its own places among them: 1, and 0 once it has left. */
  readonly all: { readonly size: number }
  readonly own: number
  /** The others with the same store and namespace. */
  others(): readonly ProcessCache[]
  leave(): void
}

interface Registry {
  /** Held weakly: a cache that is dropped without being closed must not stay. */
  readonly caches: Set<WeakRef<ProcessCache>>
}

/** The membership keeps `cache` alive, and nothing else does. */
export function joinProcess(cache: ProcessCache): Membership {
  const { caches } = processWide('caches', (): Registry => ({ caches: new Set() }))
  for (const one of caches) if (!one.deref()) caches.delete(one)
  const reference = new WeakRef(cache)
  caches.add(reference)
  const isOther = (one: ProcessCache | undefined): one is ProcessCache =>
    one !== undefined && one !== cache && one.store === cache.store && one.namespace === cache.namespace
  const membership = {
    all: caches,
    own: 1,
    others: () => [...caches].map((one) => one.deref()).filter(isOther),
    leave(): void {
      caches.delete(reference)
      membership.own = 0
    },
  }
  return membership
}
