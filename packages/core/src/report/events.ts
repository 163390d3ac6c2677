import { type Channel, channel } from 'node:diagnostics_channel'
import { CacheError } from '../base/errors.ts'
import { show } from '../base/show.ts'

/** Where the result of a read came from. `'stale'`: an expired entry, which the policy allows to serve. */
export type Source = 'memory' | 'store' | 'database' | 'stale'
/** Why a cached read was a miss and loaded from the database. */
export type MissReason = 'miss' | 'expired' | 'invalidated' | 'too-large'
/** Why a read bypassed the cache. */
export type BypassReason =
  | 'dirty'
  | 'transaction'
  | 'lock'
  | 'no-policy'
  | 'disabled'
  | 'opaque'
  | 'unavailable'

/** One read, emitted when its result is known. Times are in milliseconds. */
export interface ReadEvent {
  readonly operation: string
  readonly model: string
  readonly source: Source
  readonly reason?: MissReason | BypassReason
  /** `true` if the caller shared the load of another caller. */
  readonly shared?: boolean
  /** Name of the entry in the store. Absent if the read has no key. */
  readonly key?: string
  /** Tags the read depends on. */
  readonly tags: readonly string[]
  /** Time since the entry was stored. Only for hits. */
  readonly age?: number
  /** Lifetime the entry was stored with. Only for hits and for misses that were stored. */
  readonly ttl?: number
  readonly duration: number
}

/** A write outside a transaction, or a whole transaction, emitted when its outcome is known. */
export interface WriteEvent {
  readonly operation: string
  readonly tables: readonly string[]
  readonly outcome: 'committed' | 'failed' | 'unknown'
  readonly duration: number
}

/** A call of `cache.invalidate`, emitted when the store has acknowledged it or it is in the journal. */
export interface InvalidateEvent {
  readonly tables: readonly string[]
  readonly rows: number
  readonly tags: readonly string[]
  readonly all: boolean
}

/** The events of a cache and their payloads. Each is also published on `node:diagnostics_channel` as `larder:<event>`. */
export interface CacheEvents {
  read: ReadEvent
  write: WriteEvent
  invalidate: InvalidateEvent
  /** A store call failed or timed out. The query continued without it. */
  'store-error': { readonly action: string; readonly error: unknown }
  /** The store became available or unavailable for this process. */
  'store-state': { readonly state: 'ready' | 'unavailable' }
  /** An entry could not be decoded, or a result or an argument could not be encoded. */
  'codec-error': { readonly operation: string; readonly key?: string; readonly error: unknown }
  /** Raw SQL wrote to tables that Larder cannot determine. */
  'unknown-write': { readonly operation: string; readonly sql?: string }
  /** Something you should change. `code` is stable. */
  warning: { readonly code: string; readonly message: string }
  /** A cached result was compared with the database. Nothing emits it yet. */
  verify: { readonly operation: string; readonly key: string; readonly equal: boolean }
}

/** The names of the events of a cache. */
export type CacheEventName = keyof CacheEvents
/** A listener of one event. */
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

/** Who receives an event. It has someone if it has listeners, or subscribers to the channel. */
export interface Audience {
  readonly listeners: { readonly size: number }
  readonly channel: Pick<Channel, 'hasSubscribers'>
}

/** Delivers events to `on` listeners and to `node:diagnostics_channel` as `larder:<event>`. */
export interface Events {
  /** True if the event has a listener. Callers skip building an event that has none. */
  hasListener(name: CacheEventName): boolean
  /** The audience of each event, for what happens so often that it looks for itself. */
  readonly audiences: Readonly<Record<CacheEventName, Audience>>
  emit<N extends CacheEventName>(name: N, event: CacheEvents[N]): void
  /** @returns a function that removes the listener. */
  on<N extends CacheEventName>(name: N, listener: CacheListener<N>): () => void
}

interface OwnAudience extends Audience {
  readonly listeners: Set<(event: never) => void>
  readonly channel: Channel
}

/** A listener that throws never fails a query: its error becomes a process warning. */
export function createEvents(): Events {
  const audiences = Object.fromEntries(
    NAMES.map((name): [string, OwnAudience] => [
      name,
      { listeners: new Set(), channel: channel(`larder:${name}`) },
    ]),
  ) as Record<CacheEventName, OwnAudience>
  return {
    audiences,
    hasListener: (name) => audiences[name].listeners.size > 0 || audiences[name].channel.hasSubscribers,
    emit(name, event) {
      const audience = audiences[name]
      for (const listener of audience.listeners) {
        try {
          listener(event as never)
        } catch (error) {
          process.emitWarning(`a listener of larder's '${name}' event threw: ${String(error)}`)
        }
      }
      audience.channel.publish(event)
    },
    on(name, listener) {
      if (!Object.hasOwn(audiences, name))
        throw new CacheError('LARDER_CONFIG', `no event '${String(name)}': there are ${NAMES.join(', ')}`)
      if (typeof listener !== 'function')
        throw new CacheError(
          'LARDER_CONFIG',
          `the listener of '${name}' is ${show(listener)}: give a function`,
        )
      const { listeners } = audiences[name]
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
