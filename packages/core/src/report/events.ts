import { channel } from 'node:diagnostics_channel'
import { CacheError } from '../base/errors.ts'
import { show } from '../base/show.ts'

/** Where a read's result came from. `'stale'` is reserved for policies that serve expired entries. */
export type Source = 'memory' | 'store' | 'database' | 'stale'
/** Why the database answered although the cache was asked. */
export type MissReason = 'miss' | 'expired' | 'invalidated' | 'too-large'
/** Why the cache was not asked, or was asked and could not be used. */
export type BypassReason =
  | 'dirty'
  | 'transaction'
  | 'lock'
  | 'no-policy'
  | 'disabled'
  | 'opaque'
  | 'unavailable'

/** One read, told once, when its result is known. Times in milliseconds. */
export interface ReadEvent {
  readonly operation: string
  readonly model: string
  readonly source: Source
  readonly reason?: MissReason | BypassReason
  /** True for a caller that joined another caller's load. */
  readonly shared?: boolean
  /** Name of the entry in the store; absent where no key was made. */
  readonly key?: string
  /** Tags the read depends on. */
  readonly tags: readonly string[]
  /** Time since the entry was stored; on hits. */
  readonly age?: number
  /** Whole lifetime the entry was stored with; on hits and stored misses. */
  readonly ttl?: number
  readonly duration: number
}

/** One write outside a transaction, or one transaction, when its outcome is known. */
export interface WriteEvent {
  readonly operation: string
  readonly tables: readonly string[]
  readonly outcome: 'committed' | 'failed' | 'unknown'
  readonly duration: number
}

/** Explicit invalidation, acknowledged or journaled. */
export interface InvalidateEvent {
  readonly tables: readonly string[]
  readonly rows: number
  readonly tags: readonly string[]
  readonly all: boolean
}

/** Everything Larder reports, by event name. */
export interface CacheEvents {
  read: ReadEvent
  write: WriteEvent
  invalidate: InvalidateEvent
  /** A store call failed or missed its deadline; the query went on. */
  'store-error': { readonly action: string; readonly error: unknown }
  /** The store became usable or unusable for this process. */
  'store-state': { readonly state: 'ready' | 'unavailable' }
  /** Bytes of an entry could not be decoded, or a result or argument could not be encoded. */
  'codec-error': { readonly operation: string; readonly key?: string; readonly error: unknown }
  /** A write whose tables cannot be told. */
  'unknown-write': { readonly operation: string; readonly sql?: string }
  /** Something the user should change; `code` is stable. */
  warning: { readonly code: string; readonly message: string }
  /** A cached result was compared with the database. Nothing emits it yet. */
  verify: { readonly operation: string; readonly key: string; readonly equal: boolean }
}

export type CacheEventName = keyof CacheEvents
export type CacheListener<N extends CacheEventName> = (event: CacheEvents[N]) => void

const NAMES: readonly CacheEventName[] = [
  'read',
  'write',
  'invalidate',
  'store-error',
  'store-state',
  'codec-error',
  'unknown-write',
  'warning',
  'verify',
]

/** Delivers events to `on` listeners and to `node:diagnostics_channel` as `larder:<event>`. */
export interface Events {
  /** True if anybody listens: callers skip building an event nobody hears. */
  heard(name: CacheEventName): boolean
  emit<N extends CacheEventName>(name: N, event: CacheEvents[N]): void
  /** @returns a function that removes the listener. */
  on<N extends CacheEventName>(name: N, listener: CacheListener<N>): () => void
}

/** A listener that throws never fails a query: its error becomes a process warning. */
export function createEvents(): Events {
  const listeners = new Map<CacheEventName, Set<(event: never) => void>>(
    NAMES.map((name) => [name, new Set()]),
  )
  const channels = new Map(NAMES.map((name) => [name, channel(`larder:${name}`)]))
  return {
    heard: (name) => (listeners.get(name)?.size ?? 0) > 0 || channels.get(name)?.hasSubscribers === true,
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          listener(event as never)
        } catch (error) {
          process.emitWarning(`a listener of larder's '${name}' event threw: ${String(error)}`)
        }
      }
      channels.get(name)?.publish(event)
    },
    on(name, listener) {
      const set = listeners.get(name)
      if (!set)
        throw new CacheError('LARDER_CONFIG', `no event '${String(name)}': there are ${NAMES.join(', ')}`)
      if (typeof listener !== 'function')
        throw new CacheError(
          'LARDER_CONFIG',
          `the listener of '${name}' is ${show(listener)}: give a function`,
        )
      set.add(listener)
      return () => set.delete(listener)
    },
  }
}
